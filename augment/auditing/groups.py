"""The audit of a corpus: how its groups were labelled and recorded, before anything is planned with them."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.acoustics.channels import channel_of
from augment.auditing.differences import (
    DC,
    HUM,
    INFRASOUND,
    LENGTH,
    MEASURES,
    difference_notes,
    measures,
    rate_notes,
    request_notes,
    shared_text_notes,
)
from augment.auditing.label_differences import label_notes
from augment.auditing.labels import missing, speaker_notes, twin_notes
from augment.auditing.spelling import spelling_notes
from augment.auditing.texts import pace_notes, text_measures
from augment.corpus.speech import Facts, part_of
from augment.corpus.survey import HERE, MeasuredBy, facts_notes, survey
from augment.corpus.table import TOGETHER, Corpus, label_column
from augment.errors import CorpusError, Fault, counted, named
from augment.notes import Effect, Note
from augment.plain_text import visible
from augment.progress import SILENT, Progress
from augment.records import frame_of
from augment.showing import Presented
from augment.streams import ranks

if TYPE_CHECKING:
    import polars

SAMPLE = 50
"""Utterances of each group that are inspected by default: this takes some seconds a group, and gives its mean SNR with
a standard error of about 1 dB."""
MOST_GROUPS = 1000


@dataclass(frozen=True)
class GroupAudit:
    """One group of a corpus; levels, floors, ratios and bandwidths are means over the inspected utterances.

    Attributes:
        group: Its name: the values of the labels, joined by `` / ``.
        utterances: Rows of the manifest.
        speakers: Different speakers among them.
        hours: Hours of speech: a sum if every row declares its duration or was inspected, else extrapolated from those.
        duration_mean_s: Mean length of an utterance.
        duration_median_s: Its median.
        inspected: Utterances whose audio was read; what follows is None without any.
        rates_hz: Sample rates of the files.
        level_dbov: Active speech level, ITU-T P.56.
        level_sd_db: Its standard deviation.
        floor_dbov: Estimated noise in the pauses.
        snr_db: Estimated ratio of the speech to that noise, 70 at most.
        bandwidth_hz: Estimated highest frequency with speech (geometric mean).
        clipped: Inspected utterances with clipped samples.
        tail_db: How tightly recordings are cut; see :class:`~augment.corpus.speech.Facts`.
        dc: Mean of the samples, full scale 1.0.
    """

    group: str
    utterances: int
    speakers: int
    hours: float | None
    duration_mean_s: float | None
    duration_median_s: float | None
    inspected: int = 0
    rates_hz: tuple[int, ...] = ()
    level_dbov: float | None = None
    level_sd_db: float | None = None
    floor_dbov: float | None = None
    snr_db: float | None = None
    bandwidth_hz: float | None = None
    clipped: int | None = None
    tail_db: float | None = None
    dc: float | None = None


@dataclass(frozen=True)
class Audit(Presented):
    """What an audit found.

    Attributes:
        manifest: Path of the manifest.
        by: Labels that make the groups.
        sample_rate_hz: Rate at which the recordings were looked at.
        utterances: Rows that may be used.
        inspected: Utterances whose audio was read.
        groups: One entry for each group, sorted by name.
        unlabelled: Rows without a label, by label.
        unreadable: Faults of files that cannot be used.
        warnings: What may spoil a comparison, and what to do about it.
        notes: What else is worth knowing.

    Example:
        >>> import augment
        >>> augment.audit("demo", sample=0).frame["speakers"].to_list()
        [3, 3, 3, 3]
    """

    manifest: str
    by: tuple[str, ...]
    sample_rate_hz: int
    utterances: int
    inspected: int
    groups: tuple[GroupAudit, ...]
    unlabelled: Mapping[str, int]
    unreadable: tuple[Fault, ...]
    warnings: tuple[Note, ...]
    notes: tuple[Note, ...]

    @property
    def record(self) -> dict[str, Any]:
        """All of it as a program is told."""
        told = {"warnings": [note.record for note in self.warnings], "notes": [note.record for note in self.notes]}
        return {**dataclasses.asdict(self), **told}

    def __repr__(self) -> str:
        size = f"{counted(len(self.groups), 'group')}, {counted(self.utterances, 'utterance')}"
        return f"<Audit of '{visible(self.manifest)}': {size}, {counted(len(self.warnings), 'warning')}>"

    @property
    def frame(self) -> "polars.DataFrame":
        """One row for each group, with the fields of :class:`GroupAudit`."""
        return frame_of(GroupAudit, self.groups)


def audit(
    corpus: Corpus,
    by: Sequence[str],
    sample_rate_hz: int,
    sample: int | None = SAMPLE,
    labels: Sequence[str] = (),
    requested_db: Iterable[float] = (),
    progress: Progress = SILENT,
    measured_by: MeasuredBy = HERE,
) -> Audit:
    """Audit a corpus.

    Args:
        corpus: Clean labelled speech.
        by: Labels that make the groups.
        sample_rate_hz: Rate of the test set: nothing above half of it counts.
        sample: Utterances of each group that are inspected, chosen by the hash of their ids; None for all, 0 to look
            at the manifest alone.
        labels: Further labels, which are to be matched: their spelling is checked, not whether groups differ in them.
        requested_db: SNRs at which noise is to be added.
        progress: Shows how far it has got.
        measured_by: Where the audio is measured.

    Raises:
        CorpusError: The corpus has no such label, or one with more than 1000 values, which cannot be groups.
    """
    frame = _grouped(corpus, by)
    chosen = _sampled(frame, sample)
    facts, unusable = survey(corpus, chosen, sample_rate_hz, progress, measured_by)
    with progress.step("comparing groups"):
        return _compared(corpus, tuple(by), sample_rate_hz, (frame, chosen), (facts, unusable), labels, requested_db)


def _compared(
    corpus: Corpus,
    by: tuple[str, ...],
    sample_rate_hz: int,
    rows: "tuple[polars.DataFrame, polars.DataFrame]",
    heard: tuple[Mapping[str, Facts], Mapping[str, list[Fault]]],
    labels: Sequence[str],
    requested_db: Iterable[float],
) -> Audit:
    """The audit of all rows, and of those that were chosen to be heard."""
    (frame, chosen), (facts, unusable) = rows, heard
    faults = [fault for own in unusable.values() for fault in own]
    table = measures(chosen, facts)
    lengths = _with_lengths(frame, facts, sample_rate_hz)
    without = missing(frame, by)
    warnings = [
        Note(f"{counted(count, 'row has', 'rows have')} no {label}", Effect.LABEL) for label, count in without.items()
    ]
    if faults:
        mend = "mend the files, or corpus: {leave_out: [id, ...]}"
        told = f"{len(faults)} of {chosen.height} utterances cannot be used: {mend}"
        warnings.append(Note(told, Effect.LEFT_OUT))
    warnings += spelling_notes(corpus, dict.fromkeys((*by, *labels)))
    warnings += speaker_notes(frame)
    warnings += [*twin_notes(frame), *_same_audio(chosen, facts)]
    warnings += difference_notes(table, (*MEASURES, DC, INFRASOUND, HUM)) + rate_notes(table)
    said = text_measures(lengths.filter(lengths["group"].is_not_null()))
    warnings += [*difference_notes(said, (LENGTH, *MEASURES)), *shared_text_notes(said)]
    warnings += pace_notes(said)
    warnings += label_notes(frame, [label for label in corpus.labels if label not in (*by, *labels)])
    warnings += request_notes(table, requested_db)
    notes = [*corpus.notes, *facts_notes(chosen, facts, sample_rate_hz)]
    return Audit(
        str(corpus.manifest), by, sample_rate_hz, frame.height, len(facts), _groups(lengths, table),
        without, tuple(faults), tuple(warnings), tuple(notes),
    )  # fmt: skip


def _grouped(corpus: Corpus, by: Sequence[str]) -> "polars.DataFrame":
    """Rows with ``group``; null where one of the labels is missing."""
    import polars

    absent = [label for label in by if label not in corpus.labels]
    faults = [corpus.no_label(label, f"the corpus has no label '{label}'") for label in absent]
    faults += [
        Fault("", f"'{label}' appears twice among the labels that make the groups")
        for label in dict.fromkeys(by)
        if list(by).count(label) > 1
    ]
    if faults:
        raise CorpusError(faults)
    group = polars.concat_str([polars.col(label_column(label)) for label in by], separator=TOGETHER)
    frame = corpus.frame.with_columns(group.alias("group"))
    whole = frame.drop_nulls("group")
    if whole.select([label_column(label) for label in by]).unique().height != whole["group"].n_unique():
        message = f"two combinations of {', '.join(by)} would be one group: a label holds ' / '"
        raise CorpusError(Fault(str(corpus.manifest), message, "rename it: corpus: {labels: ...}"))
    count = frame["group"].n_unique()
    if count > MOST_GROUPS:
        message = f"{' and '.join(by)} make {count:,} groups; at most {MOST_GROUPS:,} are compared"
        raise CorpusError(Fault(str(corpus.manifest), message, f"choose another label; {corpus.known_labels}"))
    return frame


def _sampled(frame: "polars.DataFrame", sample: int | None) -> "polars.DataFrame":
    """That many rows of each group, independent of the order of rows; sorted by id."""
    import polars

    grouped = frame.filter(polars.col("group").is_not_null())
    if sample == 0:
        return grouped.head(0)
    if sample is not None:
        place = polars.Series("_place", ranks(grouped["id"].to_list(), "audit"), dtype=polars.String)
        ordered = grouped.with_columns(place).sort("group", "_place")
        grouped = ordered.group_by("group", maintain_order=True).head(sample).drop("_place")
    return grouped.sort("id")


def _with_lengths(frame: "polars.DataFrame", facts: Mapping[str, Facts], rate_hz: int) -> "polars.DataFrame":
    """Rows with ``length_s``, measured where the audio was read and else as declared, and its logarithm."""
    import polars

    found = {"id": list(facts), "_read_s": [fact.samples / rate_hz for fact in facts.values()]}
    measured = polars.DataFrame(found, schema={"id": polars.String, "_read_s": polars.Float64})
    joined = frame.join(measured, on="id", how="left", maintain_order="left")
    length = polars.coalesce("_read_s", "duration")
    length = polars.when(length > 0).then(length)
    return joined.with_columns(length.alias("length_s")).with_columns(polars.col("length_s").log(2).alias("log_s"))


def _same_audio(chosen: "polars.DataFrame", facts: Mapping[str, Facts]) -> list[Note]:
    """Files with the same bytes under different names."""
    first: dict[tuple[Any, ...], tuple[str, str]] = {}
    pairs = []
    columns = ("id", "audio_filepath", "offset", "duration", "audio_channel")
    for identity, audio, offset, duration, channel in chosen.select(columns).rows():
        if identity in facts:
            content = (facts[identity].sha256, part_of(offset, duration, channel_of(channel)))
            other, where = first.setdefault(content, (identity, audio))
            if where != audio:  # rows that name the same file are reported from the manifest alone
                pairs.append(f"{identity} = {other}")
    files = counted(len(pairs), "file has", "files have")
    return [Note(f"{files} the very bytes of another one: {named(pairs)}", Effect.LABEL)] if pairs else []


def _groups(lengths: "polars.DataFrame", table: "polars.DataFrame") -> tuple[GroupAudit, ...]:
    import polars

    length = polars.col("length_s")
    whole = lengths.filter(polars.col("group").is_not_null()).group_by("group")
    rows = whole.agg(
        polars.len().alias("utterances"),
        polars.col("speaker").n_unique().alias("speakers"),
        (length.mean() * polars.len() / 3600).alias("hours"),
        length.mean().alias("duration_mean_s"),
        length.median().alias("duration_median_s"),
    )
    heard = table.group_by("group").agg(
        polars.len().alias("inspected"),
        polars.col("rate").unique().sort().alias("rates_hz"),
        polars.col("level_dbov", "floor_dbov", "snr_db", "tail_db", "dc").mean(),
        polars.col("level_dbov").std(ddof=0).alias("level_sd_db"),
        (2 ** polars.col("octaves").mean()).alias("bandwidth_hz"),
        polars.col("clipped").sum().cast(polars.Int64),
    )
    told: dict[str, dict[str, Any]] = {row["group"]: row for row in heard.rows(named=True)}
    return tuple(
        GroupAudit(**{name: _plain(value) for name, value in {**row, **told.get(row["group"], {})}.items()})
        for row in rows.sort("group").rows(named=True)
    )


def _plain(value: Any) -> Any:
    """A value of the record: lists as tuples, figures rounded to the digits that they deserve."""
    if isinstance(value, list):
        return tuple(value)
    return round(value, 4) if isinstance(value, float) and math.isfinite(value) else value
