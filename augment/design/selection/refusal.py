"""Why a corpus cannot carry what is asked for: the numbers, the conflict, and what would be feasible."""

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from augment.corpus.table import Corpus
from augment.design.assignment import Demands
from augment.design.program import UnsolvedError, within
from augment.design.selection.grouping import (
    UNLABELLED,
    of_common_texts,
    posed,
    shown_value,
    with_voices,
)
from augment.design.selection.problem import TEXT, Problem, least_utterances
from augment.design.selection.search import largest_selection, wished
from augment.design.selection.sharing import closest_pair, largest_sharing
from augment.design.selection.strata import match_column
from augment.errors import DesignError, Fault, counted, flow_text
from augment.recipe.experiment import Balance, Variable

if TYPE_CHECKING:
    import polars

PATIENCE_S = 20.0
"""Time limit each for finding reasons and ways out: it may shorten a message, but never changes a selection."""

FINEST = 20
"""Steps in which a looser tolerance is tried if the number of utterances is open."""

Relaxed = Callable[[int], Problem]


def refuse(
    corpus: Corpus, balance: Balance, problem: Problem, every: "polars.DataFrame", demands: Demands | None = None
) -> NoReturn:
    """Say why there is no selection.

    Args:
        corpus: Where the rows are from.
        balance: What the recipe asks for.
        problem: The same in numbers.
        every: Rows of all groups, whether or not others say the same texts.
        demands: What the assignment demands of a way out.

    Raises:
        DesignError: Always: with a fault for each group that falls short by itself, or else with a minimal set of
            conditions and groups in conflict; and with every single change that would do.
    """
    place = str(corpus.manifest)
    messages, _ = _in_time(_short(problem))
    if not messages:
        messages, cut = _in_time(_conflict(problem))
        messages += ["all together it cannot be met; what conflicts was not found out in time"] if cut else []
    sharing = _sharing(balance, every, problem.seed) if balance.text == "parallel" else iter(())
    ways, cut = _in_time(itertools.chain(sharing, _ways_out(balance, problem.replaced(demands=demands))))
    told = [_advice(ways, cut)]
    if balance.text == "parallel" and not any("share" in way for way in ways):
        told.append(_most_shared(balance, every))
    raise DesignError((Fault(place, message) for message in messages), told)


def refuse_texts(corpus: Corpus, balance: Balance, every: "polars.DataFrame", seed: int) -> NoReturn:
    """Say that no text is common to all groups, and which groups share texts.

    Raises:
        DesignError: Always.
    """
    import polars

    texts = every.group_by("group").agg(polars.col(match_column(TEXT)).n_unique()).sort("group").rows()
    shown = "; ".join(f"{group}: {counted(count, 'text')}" for group, count in texts)
    message = f"balance: {{text: parallel}} needs texts that every group says, and there is none ({shown})"
    ways, cut = _in_time(_sharing(balance, every, seed))
    fault = Fault(str(corpus.manifest), message, "balance: {text: any}")
    raise DesignError(fault, [_advice(ways, cut) if ways or cut else _most_shared(balance, every)])


def _most_shared(balance: Balance, every: "polars.DataFrame") -> str:
    """Which groups share how many texts, if that does not help."""
    wanted = least_utterances(balance)
    found = largest_sharing(every, wanted) or closest_pair(every)
    if found is None:
        return "no two groups share a text"
    but = "the other conditions cannot be met with them" if found.texts >= wanted else f"{wanted} are asked for"
    return f"most texts are shared by {', '.join(found.groups)}: {found.texts}; {but}"


def _sharing(balance: Balance, every: "polars.DataFrame", seed: int) -> Iterator[str]:
    """The most groups that say texts enough in common, if they can be compared."""
    found = largest_sharing(every, least_utterances(balance))
    groups = every["group"].unique().sort().to_list()
    if found is None or len(found.groups) == len(groups):
        return
    kept = of_common_texts(every.filter(every["group"].is_in(found.groups)))
    if wished(posed(with_voices(kept, seed), balance, seed)) is not None:
        gone = [group for group in groups if group not in found.groups]
        yield f"{_keep(balance, list(found.groups), gone)}, which share {counted(found.texts, 'text')}"


def _advice(ways: list[str], cut: bool) -> str:
    if not ways and cut:
        return (
            f"whether less would do was not found out in {PATIENCE_S:g} s: match fewer labels, or raise the tolerance"
        )
    if not ways:
        return "no smaller number and no looser limit would do"
    more = f"; the search for more ended after {PATIENCE_S:g} s" if cut else ""
    return f"feasible would be: {'; or '.join(ways)}{more}"


def _in_time(found: Iterator[str]) -> tuple[list[str], bool]:
    """What is found before the time limit, and whether it was reached."""
    texts: list[str] = []
    try:
        with within(PATIENCE_S):
            for text in found:
                texts.append(text)
    except UnsolvedError:
        return texts, True
    return texts, False


def _short(problem: Problem) -> Iterator[str]:
    """Groups that fall short by themselves, whatever is matched."""
    wanted, voices = problem.utterances, problem.speakers_min
    asked = f"{counted(wanted, 'utterance')} that the recipe asks for"
    if any(map(problem.parallel, problem.matched)):
        asked = f"{counted(wanted, 'utterance')} of texts that every group says"
    if problem.largest:
        cause = f"speakers.min: {voices}" if wanted == voices else f"max_share: {float(problem.max_share):g}"
        asked = f"at least {counted(wanted, 'utterance')} that {cause} needs"
    least = max(voices, math.ceil(1 / problem.max_share))
    if wanted < least:
        reason = f"{voices} speakers (speakers.min)" if least == voices else f"max_share: {float(problem.max_share):g}"
        few = counted(wanted, "utterance of each group is", "utterances of each group are")
        yield f"{few} too few for {reason}: at least {least} are needed"
        return
    every = np.ones(len(problem.grid.cells), dtype=np.bool_)
    for strata in problem.strata:
        speakers = min(len(strata.speakers), wanted)
        room = strata.room(every, problem.per_speaker)
        share = f"{float(problem.max_share):g}"
        if len(strata.speakers) * problem.max_share < 1:
            yield (
                f"group {strata.group}: {counted(len(strata.speakers), 'speaker')} cannot fill a group, since none may "
                f"give more than the share {share} of it (speakers.max_share): {math.ceil(1 / problem.max_share)} "
                "would be needed"
            )
        elif strata.total < wanted:
            yield f"group {strata.group}: {strata.total} of {asked}"
        elif room < wanted:
            yield (
                f"group {strata.group}: {room} of {asked}, since none of its speakers ({len(strata.speakers)}) may "
                f"give more than {problem.per_speaker} (max_share: {share})"
            )
        if speakers < voices:
            yield f"group {strata.group}: {speakers} of at least {counted(voices, 'speaker')} that the recipe asks for"


def _conflict(problem: Problem) -> Iterator[str]:
    """A minimal set of conditions and groups in conflict, found by leaving out one after another."""
    core = problem
    if core.speakers_min > 1 and not _feasible(core.replaced(speakers_min=1)):
        core = core.replaced(speakers_min=1)
    if core.max_share < 1 and not _feasible(core.replaced(max_share=Fraction(1))):
        core = core.replaced(max_share=Fraction(1))
    if core.shares and not _feasible(core.replaced(shares={})):
        core = core.replaced(shares={})
    for variable in core.matched:
        if not _feasible(_unmatched(core, variable)):
            core = _unmatched(core, variable)
    for group in [strata.group for strata in core.strata]:
        if len(core.strata) > 1 and not _feasible(core.without(group)):
            core = core.without(group)
    groups = ", ".join(strata.group for strata in core.strata)
    conditions = "; ".join(_conditions(core))
    yield f"these cannot be met together, and none of them can be spared: {conditions} (groups: {groups})"
    for variable in core.matched:
        if not core.parallel(variable):
            yield _shares_text(core, variable)


def _conditions(problem: Problem) -> Iterator[str]:
    least = "at least " if problem.largest else ""
    yield f"{least}{counted(problem.utterances, 'utterance')} of each group"
    for variable in problem.matched:
        name = problem.grid.variables[variable]
        if name == TEXT:
            yield "the same texts in every group (text: parallel)"
        else:
            given = " in the shares given" if name in problem.shares else ""
            tolerance = f"{float(problem.tolerance[variable] or 0):g}"
            slack = "" if problem.largest else f", to {counted(problem.slack(variable) or 0, 'utterance')}"
            yield f"'{name}' matched{given}{slack} (tolerance: {tolerance})"
    if problem.speakers_min > 1:
        yield f"{problem.speakers_min} speakers (speakers.min)"
    if problem.max_share < 1:
        most = problem.per_speaker
        yield f"at most {counted(most, 'utterance')} of one speaker (speakers.max_share: {float(problem.max_share):g})"


def _shares_text(problem: Problem, variable: int) -> str:
    """How much each group has of each value of a matched variable."""
    name = problem.grid.variables[variable]
    parts = []
    for strata in problem.strata:
        counts = problem.marginal(strata, strata.available(len(problem.grid.cells)), variable)
        values = zip(problem.grid.values[variable], counts, strict=True)
        shown = ", ".join(f"{shown_value(name, value)} {count}" for value, count in values if count)
        parts.append(f"{strata.group}: {shown}")
    return f"'{name}' in the corpus: {'; '.join(parts)}"


def _feasible(problem: Problem) -> bool:
    return wished(problem) is not None


def _unmatched(problem: Problem, variable: int) -> Problem:
    tolerance = tuple(None if v == variable else t for v, t in enumerate(problem.tolerance))
    return problem.replaced(tolerance=tolerance)


def _ways_out(balance: Balance, problem: Problem) -> Iterator[str]:
    """Single changes that would do, each of them tried; if there are none, the nearest combination of changes."""
    found = [*_more_utterances(problem), *_fewer_groups(balance, problem), *_single_changes(balance, problem)]
    yield from found
    if not any("utterances:" in way or "max_share:" in way for way in found):
        yield from _nearest(balance, problem, alone=not found)


def _more_utterances(problem: Problem) -> Iterator[str]:
    """More utterances, if a recipe asks for fewer than its speakers need."""
    least = max(problem.speakers_min, math.ceil(1 / problem.max_share))
    if problem.utterances < least:
        most = min(strata.total for strata in problem.strata)
        for number in range(least, min(most, 2 * least) + 1):
            if _feasible(problem.replaced(utterances=number)):
                yield f"balance: {{utterances: {number}}}"
                return


def _single_changes(balance: Balance, problem: Problem) -> Iterator[str]:
    smaller = None if problem.largest else largest_selection(problem, below=problem.utterances)
    if smaller is not None:
        yield f"balance: {{utterances: {smaller[0]}, speakers: {{min: {problem.speakers_min}}}}}"
    wanted = problem.utterances
    voices = _least(range(1, problem.speakers_min), lambda n: problem.replaced(speakers_min=problem.speakers_min - n))
    if voices is not None:
        number = "" if problem.largest else f"utterances: {wanted}, "
        yield f"balance: {{{number}speakers: {{min: {problem.speakers_min - voices}}}}}"
    share = _least(
        range(problem.per_speaker + 1, wanted + 1), lambda n: problem.replaced(max_share=Fraction(n, wanted))
    )
    if share is not None:
        yield f"speakers: {{max_share: {_decimal(share, wanted)}}}"
    yield from _looser_matches(balance, problem)


def _looser_matches(balance: Balance, problem: Problem) -> Iterator[str]:
    labels = [variable for variable in problem.matched if not problem.parallel(variable)]
    wanted = max(problem.utterances, FINEST) if problem.largest else problem.utterances
    if labels:
        slack = math.floor((problem.tolerance[labels[0]] or 0) * wanted)

        def looser(number: int) -> Problem:
            tolerance = Fraction(number, wanted)
            return problem.replaced(
                tolerance=tuple(tolerance if v in labels else t for v, t in enumerate(problem.tolerance))
            )

        number = _least(range(slack + 1, wanted), looser)
        if number is not None:
            yield f"balance: {{tolerance: {_decimal(number, wanted)}}}"
    yield from _one_by_one(balance, problem)
    written = {variable.name: variable.written for variable in balance.variables if len(variable.parts) > 1}
    for variable in problem.matched:
        if _feasible(_unmatched(problem, variable)):
            name = problem.grid.variables[variable]
            shown = written.get(name, f"'{name}'")
            yield "balance: {text: any}" if name == TEXT else f"balance: {{match: ...}} without {shown}"
    if problem.shares and _feasible(problem.replaced(shares={})):
        yield "balance without 'shares'"


def _one_by_one(balance: Balance, problem: Problem) -> Iterator[str]:
    """Jointly matched labels, matched one by one instead."""
    names = problem.grid.variables
    for joint in (variable for variable in balance.variables if len(variable.parts) > 1):
        place = names.index(joint.name)
        if problem.tolerance[place] is not None:
            freed = [
                problem.tolerance[place] if n in joint.parts else t
                for n, t in zip(names, problem.tolerance, strict=True)
            ]
            freed[place] = None
            if _feasible(problem.replaced(tolerance=tuple(freed))):
                parts = [[Variable((p,)) for p in v.parts] if v == joint else [v] for v in balance.variables]
                entries = dict.fromkeys(variable.written for some in parts for variable in some)
                yield f"balance: {{match: [{', '.join(entries)}]}}, alike one by one and not together"


def _fewer_groups(balance: Balance, problem: Problem) -> Iterator[str]:
    """Groups that could be kept: all except those that fall short by themselves, or all except any one."""
    alone = [s.group for s in problem.strata if _feasible(problem.replaced(strata=(s,)))]
    short = [strata.group for strata in problem.strata if strata.group not in alone]
    kept = problem
    for group in short:
        kept = kept.without(group)
    if short and len(alone) > 1:
        if _feasible(kept):
            yield _keep(balance, alone, short)
        elif found := largest_selection(kept, None if problem.largest else problem.utterances):
            yield f"{_keep(balance, alone, short)} with {found[0]} utterances each"
    elif not short and len(problem.strata) > 2:
        for group in (strata.group for strata in problem.strata):
            if _feasible(problem.without(group)):
                yield _keep(balance, [s.group for s in problem.strata if s.group != group], [group])


def _keep(balance: Balance, groups: list[str], gone: list[str]) -> str:
    if len(balance.by) > 1 or (UNLABELLED in gone and balance.match):
        return f"{len(groups)} groups without {', '.join(gone)}: take their rows out of the corpus"
    named = ", ".join(flow_text(group) for group in groups if group != UNLABELLED)
    also = ", and balance: {unlabelled: leave_out}" if UNLABELLED in gone else ""
    return f"keep only {len(groups)} groups: corpus: {{keep: {{{flow_text(balance.by[0])}: [{named}]}}}}{also}"


def _nearest(balance: Balance, problem: Problem, alone: bool) -> Iterator[str]:
    """Fewer utterances from fewer speakers, as near to the request as possible.

    Args:
        balance: What the recipe asks for.
        problem: The same in numbers.
        alone: Whether no other way out was found: matching nothing then counts as one, even with the numbers asked for.
    """
    most = min(problem.speakers_min, *(len(s.speakers) for s in problem.strata))
    free = problem.replaced(tolerance=(None,) * len(problem.tolerance))
    text = " (no match, text: any)" if any(problem.parallel(variable) for variable in problem.matched) else ""
    tries = [("", problem), (f"; nothing matched{text}", free)]
    if problem.max_share < 1:
        one = Fraction(1)
        tries[1:1] = [("; no max_share", problem.replaced(max_share=one))]
        tries.append((f"; nothing matched{text}, no max_share", free.replaced(max_share=one)))
    for name, tried in tries:
        for speakers in range(most, 0, -1):
            below = None if problem.largest else max(problem.utterances, speakers) + 1
            found = largest_selection(tried.replaced(speakers_min=speakers), below)
            if found is not None:
                if (name and alone) or (found[0], speakers) != (problem.utterances, problem.speakers_min):
                    yield f"balance: {{utterances: {found[0]}, speakers: {{min: {speakers}}}}}{name}"
                return


def _least(numbers: range, relaxed: Relaxed) -> int | None:
    """The first of increasing numbers that makes a problem feasible, provided that larger ones never hurt."""
    if not numbers or not _feasible(relaxed(numbers[-1])):
        return None
    low, high = 0, len(numbers) - 1
    while low < high:
        middle = (low + high) // 2
        if _feasible(relaxed(numbers[middle])):
            high = middle
        else:
            low = middle + 1
    return numbers[low]


def _decimal(number: int, of: int) -> str:
    """The shortest decimal share that, rounded down, gives a wanted part of a number.

    Example:
        >>> _decimal(1, 3), _decimal(1, 4)
        ('0.4', '0.3')
    """
    for digits in range(1, 9):
        share = Fraction(math.ceil(Fraction(number, of) * 10**digits), 10**digits)
        if math.floor(share * of) == number:
            return f"{float(share):g}"
    return f"{number / of:.9f}"
