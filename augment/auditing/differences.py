"""Do groups differ in how they were recorded, or in what they say? One judgement for both the audit and the planner."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.auditing.chance import NOTICEABLE, Apart, Dealing, Means, Shares, apart, dealing_of, distinct_numbers
from augment.corpus.speech import Facts
from augment.notes import LONGEST, Effect, Note
from augment.plain_text import columns

if TYPE_CHECKING:
    import polars

CLEAREST_DB = 70.0
"""A higher source SNR, or digital silence in the pauses, counts as this much: nobody hears the difference."""
HARMLESS_DB = 40.0
"""Groups with at least this source SNR do not count as different (an estimate: their noise is some 20 dB below the
level at which recognisers begin to make errors)."""
RESERVE_DB = 15.0
"""To noise that is this much stronger, a recording's own noise adds 0.14 dB, and is masked by it."""
MOST_NAMED = 6
MOST_TO_COMPARE = 1_000_000
"""Texts times pairs of groups: where there are more, people talk freely, and nobody repeats what another one says."""


@dataclass(frozen=True)
class Measure:
    """Something in which recordings may differ.

    Attributes:
        name: Column of a table of measures: :func:`measures`, :func:`augment.auditing.texts.text_measures`.
        what: What people call it.
        just: Difference between two groups' means from which on it matters.
        shown: A mean as text.
        means: What it may do to a comparison, and what to do.
        effect: What it does to a comparison.
        recorded: Whether it is about how speech was recorded rather than what is said: such a difference is nobody's
            accent, and is judged by its size where speakers are too few to tell it from chance.
    """

    name: str
    what: str
    just: float
    shown: Callable[[float], str]
    means: str
    effect: Effect = Effect.CONFOUNDED
    recorded: bool = False


MEASURES = (
    Measure(
        "level_dbov", "speech level", 3.0, "{:.1f} dBov".format,
        "every utterance is brought to one level, and its own noise with it: look at the source SNR; another level "
        "often means another microphone",
        Effect.HOUSEKEEPING, recorded=True,
    ),
    Measure(
        "clear_db", "source SNR (estimate; 40 dB and more count alike)", 3.0, "{:.0f} dB".format,
        "a group that was recorded with more noise has that noise in every cell, the clean one too, and its errors are "
        "blamed on its accent; match groups by recording, or take noisy utterances out (corpus: {leave_out: [...]})",
        recorded=True,
    ),
    Measure(
        "octaves", "bandwidth (estimate)", 1 / 3, lambda octaves: f"{2**octaves / 1000:.1f} kHz",
        "recognisers make more errors on narrow-band speech, whatever the accent; compare groups of one bandwidth, or "
        "bring all to the narrowest (output: {sample_rate_hz: 8000})", recorded=True,
    ),
    Measure(
        "clipped", "utterances with clipped samples", 0.05, lambda share: f"{100 * share:.0f} %",
        "clipping distorts speech; take those utterances out (corpus: {leave_out: [...]})", recorded=True,
    ),
    Measure(
        "tail_db", "how tightly their recordings are cut", 0.25, lambda db: f"{round(db, 2) + 0:.2f} dB",
        "without silence behind it, speech is measured louder (ITU-T P.56 hangover) and gets more noise at the same "
        "SNR; append 0.2 s or more of its own background to each recording", recorded=True,
    ),
    Measure(
        "words", "words of an utterance (characters, where a script puts no spaces)", math.log2(1.25),
        lambda octaves: f"{2**octaves:.1f}",
        "a word at an edge has less context, and short utterances have more edges: errors rise as they get shorter, "
        "whatever the accent; balance: {match: [duration]}, or {text: parallel}",
    ),
    Measure(
        "words_per_s", "words per second (characters, where a script puts no spaces)", math.log2(1.15),
        lambda octaves: f"{2**octaves:.2f}",
        "faster speech has more errors, and slow prompts fewer: compare groups that do the same, reading or talking",
    ),
    Measure(
        "said", "how often a text is said", math.log2(1.5), lambda octaves: f"{2**octaves:.1f} times",
        "where few texts are said over and over, the difficulty of their words is taken for the group's; "
        "balance: {text: parallel}",
    ),
    Measure(
        "rare", "words that no other text has", 0.1, lambda share: f"{100 * share:.0f} %",
        "names and rare words are missed more often than common ones, whoever says them; balance: {text: parallel}",
    ),
    Measure(
        "wordless", "utterances without a word in their text", 0.01, lambda share: f"{100 * share:.1f} %",
        "they have no word error rate, and what is recognised in them counts as inserted in one group more than in "
        "another; write the texts, or take the rows out (corpus: {leave_out: [...]})", Effect.LABEL,
    ),
    Measure(
        "upper", "capital letters", 0.05, lambda share: f"{100 * share:.0f} % of letters",
        "a scorer that minds case counts errors for the way of writing; write all texts alike, or score without case",
        Effect.LABEL,
    ),
    Measure(
        "digits", "texts with digits", 0.05, lambda share: f"{100 * share:.0f} %",
        "'7' for 'seven' counts as an error of the recogniser, in one group more than in another; spell numbers alike",
        Effect.LABEL,
    ),
    Measure(
        "marks", "texts with punctuation", 0.1, lambda share: f"{100 * share:.0f} %",
        "a scorer that minds punctuation counts errors for the way of writing; write all texts alike, or score without",
        Effect.LABEL,
    ),
)  # fmt: skip
DC = Measure(
    "dc", "DC offset", 0.003, lambda mean: f"{round(mean, 4) + 0:.4f} of full scale",
    "the offset is taken out and does no harm, but tells of another recorder", Effect.HOUSEKEEPING, recorded=True,
)  # fmt: skip
INFRASOUND = Measure(
    "infrasound_db", "infrasound", 1.0, lambda db: f"{round(db, 1) + 0:.1f} dB of their level",
    "what lies below 20 Hz is taken out and does no harm, but tells of another recorder, or of wind and handling",
    Effect.HOUSEKEEPING, recorded=True,
)  # fmt: skip
HUM = Measure(
    "hum_db", "hum", 1.0, lambda db: f"{round(db, 1) + 0:.1f} dB of their level",
    "a level meter counts what lies below 100 Hz as speech: the talkers of one group are softer than their level "
    "says, and noise in dB(A) louder beside them; filter it out before",
    Effect.LABEL, recorded=True,
)  # fmt: skip
LENGTH = Measure(
    "log_s", "duration", math.log2(1.25), lambda octaves: f"{2**octaves:.1f} s",
    "longer utterances give a recogniser more context, and more words to a speaker; balance: {match: [duration]}",
)  # fmt: skip


def measures(frame: "polars.DataFrame", facts: Mapping[str, Facts]) -> "polars.DataFrame":
    """What was measured on the audio of utterances, as a table of numbers that can be averaged.

    Args:
        frame: Rows with ``id``, ``group`` and ``speaker``.
        facts: Facts of those that were inspected.

    Returns:
        A row for each inspected utterance, sorted by group and id: ``group``, ``id``, ``speaker``, ``rate``, and one
        column each for those :data:`MEASURES` that are about sound, the floor, the source SNR (at most 70 dB) and the
        DC offset; bandwidth is the binary logarithm of Hz.
    """
    import polars

    rows = [
        {
            "group": group,
            "id": identity,
            "speaker": speaker,
            "rate": found.source_rate_hz,
            "level_dbov": found.level_dbov,
            "floor_dbov": max(found.floor_dbov, found.level_dbov - CLEAREST_DB),
            "snr_db": min(found.snr_db, CLEAREST_DB),
            "clear_db": min(found.snr_db, HARMLESS_DB),
            "octaves": math.log2(max(found.bandwidth_hz, 100.0)),
            "clipped": float(found.clipped_share > 0),
            "dc": found.dc,
            "infrasound_db": found.infrasound_db,
            "hum_db": found.hum_db,
            "tail_db": found.tail_db,
        }
        for identity, group, speaker in frame.select("id", "group", "speaker").rows()
        if (found := facts.get(identity)) is not None
    ]
    kinds = {"group": polars.String, "id": polars.String, "speaker": polars.String, "rate": polars.Int64}
    numbers = ("level_dbov", "floor_dbov", "snr_db", "clear_db", "octaves", "clipped", "dc", "infrasound_db", "hum_db")
    kinds |= dict.fromkeys((*numbers, "tail_db"), polars.Float64)
    return polars.DataFrame(rows, schema=kinds).sort("group", "id")


def moments(values: Sequence[float], ddof: int) -> tuple[float, float]:
    """Mean and variance from exact sums: neither the order of rows nor threads change a last digit.

    Args:
        values: One or more numbers.
        ddof: 1 if they are a sample of something larger, 0 if they are all there is; the variance of a single value
            is 0 either way.

    Example:
        >>> moments([1.0, 2.0, 3.0], 1), moments([0.1], 1)
        ((2.0, 1.0), (0.1, 0.0))
    """
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / max(len(values) - ddof, 1)


def difference_notes(table: "polars.DataFrame", chosen: Iterable[Measure] = MEASURES) -> list[Note]:
    """In what groups differ, by how much, what that may do, and what to do about it.

    Two groups differ in a measure if their means are further apart than what just matters, than 0.1 pooled standard
    deviations, and than what chance alone exceeds in 5 % of cases (:mod:`augment.auditing.chance`). For how they were
    recorded, chance is not asked in groups of few speakers: the note then says that the two cannot be told apart.

    Args:
        table: Rows with ``group``, ``speaker``, ``id``, and columns of measures; groups of null, and measures of null,
            are passed over.
        chosen: Measures to look at; those that the table does not have are passed over.

    Returns:
        One sentence for each measure in which any two groups differ.
    """
    import polars

    known = table.filter(polars.col("group").is_not_null())
    if not known.height:
        return []
    dealing = dealing_of(known)
    return [note for m in chosen if m.name in known.columns and (note := _difference(known, dealing, m))]


def _difference(table: "polars.DataFrame", dealing: Dealing, measure: Measure) -> Note | None:
    # ddof 0: the spread of a group's recordings as they are, not as a sample of others.
    values = Means(dealing, table[measure.name].cast(float).fill_null(math.nan).to_numpy(), ddof=0)
    count, mean, _ = (found[0] for found in values.moments(dealing.group[None, :], len(dealing.groups)))
    wide = np.abs(mean[:, None] - mean[None, :]) > measure.just
    wide &= apart(dealing, values, chance=False).found > NOTICEABLE
    if not wide.any():
        return None
    judged = ~dealing.few if measure.recorded else np.ones_like(wide)
    found = apart(dealing, values, chance=bool(np.any(wide & judged)), few=not measure.recorded)
    clear = wide & (found.clear | ~judged)
    if not clear.any():
        return None
    one, other = np.unravel_index(int(np.argmax(np.where(clear, found.found, -1.0))), clear.shape)
    low, high = sorted((int(one), int(other)), key=lambda group: float(mean[group]))
    heard = [group for group in np.argsort(mean, kind="stable").tolist() if count[group]]
    pairs = len(heard) * (len(heard) - 1) // 2
    many = f", {int(np.triu(clear).sum())} of {pairs} pairs of groups" if pairs > 1 else ""
    few = int(np.triu(clear & ~judged).sum())
    if few and pairs > 1:
        many += f", {few} with {'too few speakers to tell it from chance' if judged[low, high] else 'so few'}"
    shown = _first_and_last([f"{dealing.groups[group]}: {measure.shown(float(mean[group]))}" for group in heard])
    few_voices = f", and too few speakers ({dealing.voices[low]} and {dealing.voices[high]}) to tell it from chance"
    by_chance = _by_chance(found, low, high) if judged[low, high] else few_voices
    distance = float(found.found[low, high])
    size = f"{dealing.groups[low]} from {dealing.groups[high]}, {_size(distance)}{by_chance}{many}"
    told = f"groups differ in {measure.what} ({shown}; {size}): {measure.means}"
    ends = ", ".join(f"{dealing.groups[group]} {measure.shown(float(mean[group]))}" for group in (low, high))
    short = f"{measure.what.partition(' (')[0]}: {ends}"
    whole = f"groups differ in {short}"
    return Note(told, measure.effect, whole if columns(whole) <= LONGEST else short, _apart(distance))


def _apart(deviations: float) -> float:
    """How much of two groups does not overlap, 0 to 1, if both are normally distributed that many deviations apart.

    That is their total variation distance, in which texts and labels are judged as well: 2 Phi(d/2) - 1.
    """
    return math.erf(deviations / (2 * math.sqrt(2)))


def _size(distance: float) -> str:
    if distance == math.inf:
        return "no spread within groups"
    return f"{distance:.1f} standard deviations" if distance < 100 else "more than 99 standard deviations"


def _by_chance(found: Apart, low: int, high: int) -> str:
    if found.found[low, high] == math.inf:
        return ""
    if found.chance is None:
        return ", too few to tell what chance makes"
    return f", and {float(found.chance[low, high]):.1f} by chance in 5 %"


def shared_text_notes(table: "polars.DataFrame") -> list[Note]:
    """Groups that say different texts, where texts are said more than once, so that groups could say the same.

    Args:
        table: As from :func:`augment.auditing.texts.text_measures`, with ``group``, ``speaker`` and ``id``.
    """
    known = table.filter((table["wordless"] == 0) & table["group"].is_not_null())
    groups, texts = known["group"].n_unique(), known["spoken"].n_unique()
    if groups < 2 or texts == known.height or groups * groups * texts > MOST_TO_COMPARE:
        return []
    dealing = dealing_of(known)
    shares = Shares(dealing, distinct_numbers(known.select("spoken")))
    found = apart(dealing, shares)
    if not found.clear.any():
        return []
    one, other = np.unravel_index(int(np.argmax(np.where(found.clear, found.found, -1.0))), found.clear.shape)
    said = shares.counts(dealing.group[None, :], groups)[0][[one, other]] > 0
    names = f"{dealing.groups[one]} and {dealing.groups[other]}"
    many = f", {int(np.triu(found.clear).sum())} of {groups * (groups - 1) // 2} pairs of groups" if groups > 2 else ""
    chance = "" if found.chance is None else f", and {float(found.chance[one, other]):.2f} by chance in 5 %"
    distance, common = float(found.found[one, other]), int(said.all(axis=0).sum())
    told = (
        f"groups say other texts ({names} have {common} of {int(said.any(axis=0).sum())} texts in "
        f"common; distance {distance:.2f} of 1{chance}{many}): easy and hard sentences are taken "
        "for the accent; balance: {text: parallel}"
    )
    return [Note(told, Effect.CONFOUNDED, f"groups say other texts: {names} have {common} in common", distance)]


def _first_and_last(parts: Sequence[str]) -> str:
    """Parts in their order; only the first and last of them if there are many."""
    if len(parts) <= MOST_NAMED:
        return "; ".join(parts)
    half = MOST_NAMED // 2
    return "; ".join([*parts[:half], f"... {len(parts) - 2 * half} between ...", *parts[-half:]])


def rate_notes(table: "polars.DataFrame") -> list[Note]:
    """Notes on groups that were recorded at different sample rates; how large that is the bandwidth tells."""
    rates: dict[str, set[int]] = {}
    for group, rate in table.select("group", "rate").drop_nulls().unique().rows():
        rates.setdefault(group, set()).add(rate)
    if len(set(map(frozenset, rates.values()))) <= 1 and all(len(r) == 1 for r in rates.values()):
        return []
    shown = _first_and_last([f"{g}: {', '.join(map(str, sorted(r)))} Hz" for g, r in sorted(rates.items())])
    told = f"groups were recorded at different sample rates, which is a difference of bandwidth ({shown})"
    return [Note(told, Effect.CONFOUNDED, "groups were recorded at different sample rates")]


def resulting_snr_db(requested_db: float, source_db: float) -> float:
    """SNR of a recording with noise of its own, to which noise was added at a requested SNR.

    Example:
        >>> round(resulting_snr_db(20.0, 28.0), 1), round(resulting_snr_db(20.0, 20.0), 1)
        (19.4, 17.0)
    """
    return -10 * math.log10(10 ** (-requested_db / 10) + 10 ** (-source_db / 10))


def request_notes(table: "polars.DataFrame", requested_db: Iterable[float]) -> list[Note]:
    """Which SNRs of a recipe are out of reach because of the noise in the recordings themselves.

    Args:
        table: As from :func:`measures`.
        requested_db: SNRs that a recipe asks for.

    Returns:
        One sentence for each group whose mean source SNR is less than 15 dB above a requested one.
    """
    import polars

    wanted = sorted(set(requested_db), reverse=True)
    known = table.filter(polars.col("snr_db").is_not_null() & polars.col("group").is_not_null())
    notes = []
    for group, values in known.group_by("group").agg("snr_db").sort("group").rows():
        own, _ = moments(values, 0)
        near = [snr for snr in wanted if snr > own - RESERVE_DB]
        if own < CLEAREST_DB and near:
            told = ", ".join(f"{snr:g} dB becomes {resulting_snr_db(snr, own):.1f} dB" for snr in near)
            whole = (
                f"{group}: the recordings have an SNR of about {own:.0f} dB of their own (estimate), and are heard "
                f"with their own noise where less than {RESERVE_DB:g} dB lie between: {told}; ask for "
                f"{math.floor(own - RESERVE_DB):d} dB or less, or for cleaner recordings"
            )
            notes.append(Note(whole, Effect.LABEL, f"{group}: recorded at about {own:.0f} dB SNR: {told}"))
    return notes
