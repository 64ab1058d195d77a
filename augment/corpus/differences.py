"""Do groups differ in how they were recorded? One judgement for the audit and for the planner."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from augment.corpus.speech import Facts

if TYPE_CHECKING:
    import polars

NOTICEABLE = 0.1
"""Standardised difference above which groups count as different (Austin 2009, Statistics in Medicine 28:3083)."""
CLEAREST_DB = 70.0
"""A source SNR beyond it, and digital silence in pauses, count as this much: nobody hears the difference."""
HARMLESS_DB = 40.0
"""Groups that are all at least as clear as this do not count as different (an estimate: such noise is some 20 dB below
that in which recognisers begin to err)."""
RESERVE_DB = 15.0
"""A recording's own noise adds 0.14 dB to noise that is so much stronger, and is masked by it."""
MOST_NAMED = 6


@dataclass(frozen=True)
class Measure:
    """Something in which recordings may differ.

    Attributes:
        name: Column of the table of measures.
        what: How a person calls it.
        just: Difference of two groups' means from which it matters.
        shown: A mean as text.
        means: What it may do to a comparison, and what to do.
    """

    name: str
    what: str
    just: float
    shown: Callable[[float], str]
    means: str


MEASURES = (
    Measure(
        "level_dbov", "speech level", 3.0, "{:.1f} dBov".format,
        "every utterance is brought to one level, and its own noise with it: look at the source SNR; another level "
        "often means another microphone",
    ),
    Measure(
        "clear_db", "source SNR (estimate; 40 dB and more count alike)", 3.0, "{:.0f} dB".format,
        "a group that was recorded with more noise has that noise in every cell, the clean one too, and its errors are "
        "blamed on its accent; match groups by recording, or take noisy utterances out (corpus: {leave_out: [...]})",
    ),
    Measure(
        "octaves", "bandwidth (estimate)", 1 / 3, lambda octaves: f"{2**octaves / 1000:.1f} kHz",
        "recognisers make more errors on narrow-band speech, whatever the accent; compare groups of one bandwidth, or "
        "bring all to the narrowest (output: {sample_rate_hz: 8000})",
    ),
    Measure(
        "clipped", "utterances with clipped samples", 0.05, lambda share: f"{100 * share:.0f} %",
        "clipping distorts speech; take those utterances out (corpus: {leave_out: [...]})",
    ),
    Measure(
        "tail_db", "how tightly their recordings are cut", 0.25, lambda db: f"{round(db, 2) + 0:.2f} dB",
        "without silence behind it, speech is measured louder (ITU-T P.56 hangover) and gets more noise at the same "
        "SNR; append 0.2 s or more of its own background to each recording",
    ),
)  # fmt: skip
DC = Measure(
    "dc", "DC offset", 0.003, lambda mean: f"{round(mean, 4) + 0:.4f} of full scale",
    "the offset is taken out and does no harm, but tells of another recorder",
)  # fmt: skip
INFRASOUND = Measure(
    "infrasound_db", "infrasound", 1.0, lambda db: f"{round(db, 1) + 0:.1f} dB of their level",
    "what lies below 20 Hz is taken out and does no harm, but tells of another recorder, or of wind and handling",
)  # fmt: skip
LENGTH = Measure(
    "log_s", "duration", math.log2(1.25), lambda octaves: f"{2**octaves:.1f} s",
    "longer utterances give a recogniser more context, and more words to a speaker; balance: {match: [duration]}",
)  # fmt: skip


def measures(groups: Mapping[str, str], facts: Mapping[str, Facts]) -> "polars.DataFrame":
    """What was measured on utterances, as a table of numbers that can be averaged.

    Args:
        groups: Group of each utterance, by its id.
        facts: Of those of them that were inspected.

    Returns:
        A row for each inspected utterance, sorted by group and id: ``group``, ``id``, ``rate``, and a column for each
        of :data:`MEASURES`, for the floor, the source SNR (at most 70 dB) and the DC offset; bandwidth is the binary
        logarithm of Hz.
    """
    import polars

    rows = [
        {
            "group": group,
            "id": identity,
            "rate": found.source_rate_hz,
            "level_dbov": found.level_dbov,
            "floor_dbov": max(found.floor_dbov, found.level_dbov - CLEAREST_DB),
            "snr_db": min(found.snr_db, CLEAREST_DB),
            "clear_db": min(found.snr_db, HARMLESS_DB),
            "octaves": math.log2(max(found.bandwidth_hz, 100.0)),
            "clipped": float(found.clipped_share > 0),
            "dc": found.dc,
            "infrasound_db": found.infrasound_db,
            "tail_db": found.tail_db,
        }
        for identity, group in groups.items()
        if (found := facts.get(identity)) is not None
    ]
    kinds = {"group": polars.String, "id": polars.String, "rate": polars.Int64}
    numbers = ("level_dbov", "floor_dbov", "snr_db", "clear_db", "octaves", "clipped", "dc", "infrasound_db", "tail_db")
    kinds |= dict.fromkeys(numbers, polars.Float64)
    return polars.DataFrame(rows, schema=kinds).sort("group", "id")


def moments(values: Sequence[float], ddof: int) -> tuple[float, float]:
    """Mean and variance from exact sums: neither rows in another order nor other threads change a last digit.

    Args:
        values: One or more numbers.
        ddof: 1 where they are a sample of something larger, 0 where they are all there is; one value alone has no
            variance either way.

    Example:
        >>> moments([1.0, 2.0, 3.0], 1), moments([0.1], 1)
        ((2.0, 1.0), (0.1, 0.0))
    """
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((value - mean) ** 2 for value in values) / max(len(values) - ddof, 1)


def standardised_difference(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Difference of two means over the root of the mean of the two variances.

    Args:
        one: Mean and variance.
        other: Mean and variance.

    Reference: Austin (2009), Statistics in Medicine 28:3083, for continuous variables.

    Example:
        >>> standardised_difference((2.0, 1.0), (2.5, 1.0))
        0.5
        >>> standardised_difference((8.0, 0.0), (4.0, 0.0)), standardised_difference((8.0, 0.0), (8.0, 0.0))
        (inf, 0.0)
    """
    away, spread = abs(one[0] - other[0]), math.sqrt((one[1] + other[1]) / 2)
    if away < 1e-9:
        return 0.0
    return away / spread if spread > 0 else math.inf


def difference_notes(table: "polars.DataFrame", chosen: Iterable[Measure] = MEASURES) -> list[str]:
    """In what groups differ, by how much, what it may do, and what to do.

    Two groups differ in a measure if their means are more than 0.1 pooled standard deviations apart, and further than
    what just matters.

    Args:
        table: As of :func:`measures`; groups of null, and measures of null, are passed over.
        chosen: Measures to look at.

    Returns:
        One sentence for each measure in which any two groups differ.
    """
    return [note for measure in chosen if (note := _difference(table, measure))]


def _difference(table: "polars.DataFrame", measure: Measure) -> str:
    import polars

    value = polars.col(measure.name)
    known = table.filter(value.is_not_null() & polars.col("group").is_not_null())
    # The spread of all of a group's recordings, not of a sample of them: it describes what is there. That of a group
    # of one is taken from the others.
    found = {str(group): values for group, values in known.group_by("group").agg(value).rows()}
    means = {group: moments(values, 0) for group, values in found.items()}
    larger = [(len(found[group]), variance) for group, (_, variance) in means.items() if len(found[group]) > 1]
    within = math.fsum(n * variance for n, variance in larger) / max(sum(n for n, _ in larger), 1)
    ordered = sorted(
        (mean, group, variance if len(found[group]) > 1 else within) for group, (mean, variance) in means.items()
    )
    apart = [
        (standardised_difference((low[0], low[2]), (high[0], high[2])), low, high)
        for place, low in enumerate(ordered)
        for high in ordered[place + 1 :]
        if high[0] - low[0] > measure.just
    ]
    apart = [pair for pair in apart if pair[0] > NOTICEABLE]
    if not apart:
        return ""
    furthest = max(d for d, _, _ in apart)
    pairs = len(ordered) * (len(ordered) - 1) // 2
    many = f", {len(apart)} of {pairs} pairs of groups" if pairs > 1 else ""
    shown = _named([f"{group}: {measure.shown(mean)}" for mean, group, _ in ordered])
    size = "no spread within groups" if furthest == math.inf else f"up to {furthest:.1f} standard deviations"
    return f"groups differ in {measure.what} ({shown}; {size}{many}): {measure.means}"


def _named(parts: Sequence[str]) -> str:
    """Parts in their order; of many, the first and the last."""
    if len(parts) <= MOST_NAMED:
        return "; ".join(parts)
    half = MOST_NAMED // 2
    return "; ".join([*parts[:half], f"... {len(parts) - 2 * half} between ...", *parts[-half:]])


def rate_notes(table: "polars.DataFrame") -> list[str]:
    """Groups that were recorded at different rates differ in bandwidth, whatever their accents."""
    rates: dict[str, set[int]] = {}
    for group, rate in table.select("group", "rate").drop_nulls().unique().rows():
        rates.setdefault(group, set()).add(rate)
    if len(set(map(frozenset, rates.values()))) <= 1 and all(len(r) == 1 for r in rates.values()):
        return []
    shown = _named([f"{g}: {', '.join(map(str, sorted(r)))} Hz" for g, r in sorted(rates.items())])
    return [f"groups were recorded at different sample rates, which is a difference of bandwidth ({shown})"]


def resulting_snr_db(requested_db: float, source_db: float) -> float:
    """SNR of speech in which noise was, at a requested SNR, added to a recording's own.

    Example:
        >>> round(resulting_snr_db(20.0, 28.0), 1), round(resulting_snr_db(20.0, 20.0), 1)
        (19.4, 17.0)
    """
    return -10 * math.log10(10 ** (-requested_db / 10) + 10 ** (-source_db / 10))


def request_notes(table: "polars.DataFrame", requested_db: Iterable[float]) -> list[str]:
    """Which SNRs of a recipe the recordings cannot carry, for the noise that they bring along.

    Args:
        table: As of :func:`measures`.
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
            notes.append(
                f"{group}: the recordings have an SNR of about {own:.0f} dB of their own (estimate), and are heard "
                f"with their own noise where less than {RESERVE_DB:g} dB lie between: {told}; ask for "
                f"{math.floor(own - RESERVE_DB):d} dB or less, or for cleaner recordings"
            )
    return notes
