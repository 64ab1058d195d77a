"""What scores show, do not show and cannot show, in sentences."""

from collections.abc import Iterator, Mapping, Sequence

from augment.report.text import counted
from augment.scoring.answers import Comparison
from augment.scoring.ladders import Doubling
from augment.scoring.scores import RecogniserScores, Scores

MOST_CONDITIONS, MOST_NAMED = 4, 3
MANY_LOOPS = 0.01


def conclusions(scores: Scores, recogniser: RecogniserScores) -> list[str]:
    """The answer first: a few sentences on a recogniser, those that matter most for a comparison in front.

    "Shown" means that the interval of the whole family leaves out zero. What is not shown may still be so: the sentence
    then tells how large a difference would have had to be found.
    """
    if not any(cell.rate for cell in recogniser.cells):
        told = ["No word is wrong in any cell: there is nothing to compare, and no interval."]
        written = zip(scores.rows, recogniser.texts, strict=True)
        if all(text is None or text == (row["text"] or "") for row, text in written):
            told.append("Every text is the reference to the letter, as no recogniser writes: was the manifest scored?")
        return told
    told = [_rates(scores, recogniser)]
    told += _growth(scores, recogniser)
    told += _gaps(scores, recogniser)
    told += _changes(scores, recogniser)
    told += _worst(recogniser)
    told += _loops(recogniser)
    told += _confounded(scores)
    told += _unmade(scores)
    silent = sum(not text.strip() for text in recogniser.texts if text is not None)
    if silent:
        told.append(f"In {counted(silent, 'item')} nothing was recognised: what was said there counts as deleted.")
    if recogniser.missing:
        words = counted(recogniser.missing, "item")
        told.append(f"{words} had no hypothesis, and all of their words count as deleted.")
    return told


def _confounded(scores: Scores) -> Iterator[str]:
    """What the planner found that groups differ in besides what they are compared by."""
    found = [str(said) for said in scores.finished.identity.get("groups_differ_in", ())]
    if found and len(scores.groups) > 1:
        more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        yield (
            f"Groups differ in more than what they are compared by ({'; '.join(found[:MOST_NAMED])}{more}): "
            "a difference between them may come of that."
        )


def _unmade(scores: Scores) -> Iterator[str]:
    """Items that the set lacks: cells without them are of other utterances."""
    items = scores.finished.identity.get("items", {})
    planned, made = items.get("planned"), items.get("made")
    if isinstance(planned, int) and isinstance(made, int) and made < planned:
        yield (
            f"{planned - made} of {counted(planned, 'item')} could not be made (failures.jsonl): cells that lack them "
            "are of other utterances than the rest."
        )


def percent(rate: float | None) -> str:
    """A rate in per cent.

    Example:
        >>> percent(0.1234), percent(None)
        ('12.3 %', '-')
    """
    return "-" if rate is None or rate != rate else f"{100 * rate:.1f} %"


def points(difference: float | None, sign: bool = False) -> str:
    """A difference of rates in points of a per cent.

    Example:
        >>> points(0.051), points(0.051, sign=True), points(None)
        ('5.1', '+5.1', '-')
    """
    if difference is None or difference != difference:
        return "-"
    return f"{100 * difference:+.1f}" if sign else f"{round(100 * difference, 1) + 0:.1f}"


def span(low: float | None, high: float | None) -> str:
    """The interval of a difference, in points.

    Example:
        >>> span(0.01, 0.053), span(None, None)
        ('1.0 to 5.3', '')
    """
    return "" if low is None or high is None else f"{points(low)} to {points(high)}"


def level(level_db: float | None) -> str:
    """A level or an SNR, in dB.

    Example:
        >>> level(12.34), level(None)
        ('12.3', '-')
    """
    return "-" if level_db is None else f"{level_db:.1f}"


def between_levels(found: Doubling) -> str:
    """SNRs at which a rate may double, in dB; an end is open where every SNR beyond it is possible too.

    Example:
        >>> between_levels(Doubling("a", "fan", "quiet", 5.0, 0.0, 7.5, open_low=True))
        'open to 7.5'
    """
    if found.low_db is None:
        return "-"
    ends = "open" if found.open_low else level(found.low_db), "open" if found.open_high else level(found.high_db)
    return "open" if ends == ("open", "open") else " to ".join(ends)


def _rates(scores: Scores, recogniser: RecogniserScores) -> str:
    reference = scores.question.reference
    home = [cell for cell in recogniser.cells if cell.condition == reference and cell.rate is not None]
    every = [cell for cell in recogniser.cells if cell.rate is not None]
    worst = max(every, key=lambda cell: cell.rate or 0.0)
    said = ", ".join(f"{cell.group} {percent(cell.rate)}" for cell in home[:8])
    more = f", and {len(home) - 8} more groups" if len(home) > 8 else ""
    rate = scores.options.wording.rate.capitalize()
    return (
        f"{rate} in '{reference}': {said}{more}; at most {percent(worst.rate)}, of {worst.group} in "
        f"'{worst.condition}'."
    )


def _growth(scores: Scores, recogniser: RecogniserScores) -> Iterator[str]:
    known = [one for one in recogniser.growth if one.family_low is not None]
    if not known:
        return
    shown = sorted((one for one in known if one.shown), key=lambda one: one.order)
    reference = scores.question.reference
    rates = {(cell.group, cell.condition): cell.rate or 0.0 for cell in recogniser.cells}
    for one in shown[:MOST_NAMED]:
        yield _grown(one, rates, scores.options.wording.rate)
    if len(shown) > MOST_NAMED:
        yield f"{len(shown) - MOST_NAMED} more gaps are shown to change; the tables have all of them."
    if not shown:
        yield (
            f"No gap between groups is shown to grow or shrink against '{reference}'; a change would have had to be "
            f"{_could_have_seen(known)}."
        )


def _grown(one: Comparison, rates: Mapping[tuple[str, str], float], called: str) -> str:
    """Whose rate moves farther, and where to."""
    up, down = (one.one, one.other) if (one.difference or 0) > 0 else (one.other, one.one)
    rise, fall = (rates[group, one.condition] - rates[group, one.reference] for group in (up, down))
    size = f"{points(abs(one.difference or 0))} points"
    where = f"From '{one.reference}' to '{one.condition}' the {called} of"
    if rise >= 0 > fall:
        moved = f"{where} {up} rises and that of {down} falls: {size} apart"
    elif rise >= 0:
        moved = f"{where} {up} rises by {size} more than that of {down}"
    else:
        up, down = down, up
        moved = f"{where} {up} falls by {size} more than that of {down}"
    low, high = sorted(abs(end) for end in (one.family_low or 0.0, one.family_high or 0.0))
    return f"{moved} ({span(low, high)}): shown{_in_proportion(one, down)}."


def _in_proportion(one: Comparison, behind: str) -> str:
    """Whether the rate that moves farther in points does so in proportion to where it started too."""
    if one.ratio is None or one.ratio_low is None or one.ratio_high is None:
        return ""
    if one.ratio_low <= 1 <= one.ratio_high:
        return "; in proportion to where each started it is not shown"
    same = (one.ratio > 1) == ((one.difference or 0) > 0)
    return ", in proportion too" if same else f"; in proportion to where each started, that of {behind} moves farther"


def _could_have_seen(known: Sequence[Comparison]) -> str:
    """How far intervals reach towards zero, from the shortest to the longest: what is found larger leaves it out.

    A true difference of that size is found smaller as often as larger: planning is for `sample-size`.
    """
    reach = sorted(
        one.difference - (one.family_low or 0.0) if one.difference >= 0 else (one.family_high or 0.0) - one.difference
        for one in known
        if one.difference is not None
    )
    if points(reach[0]) == points(reach[-1]):
        return f"{points(reach[0])} points"
    return f"{points(reach[0])} to {points(reach[-1])} points"


def _changes(scores: Scores, recogniser: RecogniserScores) -> Iterator[str]:
    """What conditions cost each group, against the reference."""
    known = [one for one in recogniser.steps if one.family_low is not None]
    if not known:
        return
    reference, shown = scores.question.reference, sorted((one for one in known if one.shown), key=lambda one: one.order)
    said = [
        f"{one.one} in '{one.condition}' by {points(one.difference, sign=True)} points "
        f"({span(one.family_low, one.family_high)})"
        for one in shown[:MOST_NAMED]
    ]
    if said:
        rest = len(shown) - len(said)
        more = f"; and {rest} more of {counted(len(known), 'change')}" if rest else ""
        yield f"Against '{reference}' {scores.options.wording.rate}s are shown to change: {'; '.join(said)}{more}."
    else:
        yield (
            f"No condition is shown to change a group's {scores.options.wording.rate} against '{reference}'; a change "
            f"would have had to be {_could_have_seen(known)}."
        )


def _gaps(scores: Scores, recogniser: RecogniserScores) -> Iterator[str]:
    known: dict[str, list[Comparison]] = {}
    for one in (one for one in recogniser.pairs if one.family_low is not None):
        known.setdefault(one.condition, []).append(one)
    certain = sorted((name for name in known if any(one.shown for one in known[name])), key=lambda name: (
        name != scores.question.reference, min(one.order for one in known[name])
    ))  # fmt: skip
    for condition in certain[:MOST_CONDITIONS]:
        yield _shown_in(condition, known[condition])
    if len(certain) > MOST_CONDITIONS:
        yield f"Differences are shown in {counted(len(certain) - MOST_CONDITIONS, 'more condition')}: see the tables."
    rest = [name for name in known if name not in certain]
    if rest:
        could = _could_have_seen([one for name in rest for one in known[name]])
        names = ", ".join(f"'{name}'" for name in rest) if len(rest) <= MOST_NAMED else f"{len(rest)} conditions"
        yield (
            f"In {names} no difference between groups is shown; it would have had to be {could}{_largest(known, rest)}."
        )
    yield from _within(known, scores.question.margin)
    yield from _unknown(recogniser.pairs)


def _largest(known: Mapping[str, Sequence[Comparison]], conditions: Sequence[str]) -> str:
    """The largest difference that is not shown, with the interval that holds for all comparisons together."""
    one = max((one for name in conditions for one in known[name]), key=lambda one: abs(one.difference or 0.0))
    size = f"{points(abs(one.difference or 0.0))} points between {one.one} and {one.other} in '{one.condition}'"
    return f" (the largest, {size}, may be chance: cells are judged together, and that is stricter than each by itself)"


def _shown_in(condition: str, known: Sequence[Comparison]) -> str:
    shown = sorted((one for one in known if one.shown), key=lambda one: one.order)
    said = []
    for one in shown[:MOST_NAMED]:
        more, less = (one.one, one.other) if (one.difference or 0) > 0 else (one.other, one.one)
        low, high = sorted(abs(end) for end in (one.family_low or 0.0, one.family_high or 0.0))
        said.append(f"{more} above {less} by {points(abs(one.difference or 0))} points ({span(low, high)})")
    rest = len(shown) - MOST_NAMED
    more_of_them = f"; and {rest} more of {counted(len(known), 'pair')}" if rest > 0 else ""
    return f"In '{condition}', shown: {'; '.join(said)}{more_of_them}."


def _within(known: Mapping[str, Sequence[Comparison]], margin: float | None) -> Iterator[str]:
    if margin is None or not known:
        return
    every = [one for found in known.values() for one in found]
    alike = sum(bool(one.equivalent) for one in every)
    yield f"Shown to lie within {points(margin)} points of one another: {alike} of {counted(len(every), 'comparison')}."


def _unknown(found: Sequence[Comparison]) -> Iterator[str]:
    """Groups that cannot be compared with any other, and why."""
    reasons = dict.fromkeys(one.why for one in found if one.why)
    for why in reasons:
        some = {name for one in found if one.why == why for name in (one.one, one.other)}
        some -= {name for one in found if one.family_low is not None for name in (one.one, one.other)}
        if some:
            yield f"Nothing can be shown about {', '.join(sorted(some))}: {why}."


def _worst(recogniser: RecogniserScores) -> Iterator[str]:
    if not recogniser.slices.slices:
        return
    first = recogniser.slices.slices[0]
    name = ", ".join(f"{column} {value}" for column, value in first.where)
    size = f"{percent(first.rate)} against {percent(first.others)} of everybody else under the same conditions"
    if first.confirmed:
        assert first.held_back is not None, "a slice is confirmed by speakers who were held back"
        low_high = span(*first.held_back[1:])
        yield f"Worst subgroup: {name}, {size}; confirmed by speakers who were held back ({low_high} points more)."
    elif first.standing == "too few held back":
        yield f"Worst subgroup of those who chose it: {name}, {size}; too few speakers were held back to confirm it."
    elif first.confirmed is False:
        yield f"Worst subgroup of those who chose it: {name}, {size}; not confirmed by the speakers held back."
    elif first.low is not None and first.low > 0:
        yield f"Worst subgroup, exploratory: {name}, {size}."


def _loops(recogniser: RecogniserScores) -> Iterator[str]:
    counts = recogniser.counts
    loops = int(counts.looped.sum())
    if loops and loops >= MANY_LOOPS * counts.looped.size:
        said = counts.words > 0
        kept = said & ~counts.looped
        whole = counts.errors[said].sum() / counts.words[said].sum()
        without = counts.errors[kept].sum() / max(counts.words[kept].sum(), 1)
        yield (
            f"In {counted(loops, 'utterance')} the recogniser repeated itself, or made more errors than there are "
            f"words: with them the rate is {percent(float(whole))}, without them {percent(float(without))}."
        )
