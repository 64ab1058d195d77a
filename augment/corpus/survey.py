"""What must be known about the audio of many utterances before anything is planned with them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.acoustics.channels import channel_of
from augment.corpus.kept import said_of
from augment.corpus.measuring import Measuring, Recording, Run
from augment.corpus.source import where
from augment.corpus.speech import DURATION_SLACK_S, LONGEST_S, MOST_AT_ONCE, Facts, part_of
from augment.corpus.table import Corpus
from augment.errors import AudioError, Fault
from augment.files.containers.stream import Remark
from augment.files.stretch import Part
from augment.kept import keeping
from augment.notes import Effect, Note
from augment.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars


Trying = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Runs a job over tasks; gives the results in the order of these, as ``map`` does."""


@dataclass(frozen=True)
class MeasuredBy:
    """Where measurements are made, and what is known already.

    Attributes:
        run: Runs the tasks; by default this process, one after the other.
        kept: File with earlier measurements; None for none.
        trying: Runs whatever else a plan has to try.
    """

    run: Run = map
    kept: Path | None = None
    trying: Trying = map


HERE = MeasuredBy()


def survey(
    corpus: Corpus,
    frame: "polars.DataFrame",
    sample_rate_hz: int,
    progress: Progress = SILENT,
    by: MeasuredBy = HERE,
) -> tuple[dict[str, Facts], dict[str, list[Fault]]]:
    """Inspect the audio of some utterances; faults in one do not stop the others.

    Args:
        corpus: The corpus.
        frame: Rows of it.
        sample_rate_hz: Rate of the test set.
        progress: Shows how far it has got.
        by: Where measurements are made.

    Returns:
        Facts by utterance id, and, by the ids of the others, why their audio cannot be used.
    """
    facts: dict[str, Facts] = {}
    faults: dict[str, list[Fault]] = {}
    columns = frame.select("id", "audio_filepath", "offset", "duration", "audio_channel", "row").rows()
    places = [(audio, part_of(offset, length, channel_of(channel))) for _, audio, offset, length, channel, _ in columns]
    every = _facts_of_all(corpus, places, sample_rate_hz, by, progress)
    for (identity, *_, row), found in zip(columns, every, strict=True):
        if isinstance(found, AudioError):
            faults[identity] = found.seen_from(where(corpus.manifest, row), f"utterance '{identity}': ")
        else:
            facts[identity] = found
    return facts, faults


def unusable_fault(count: int) -> Fault:
    """One fault that sums up those of chosen utterances."""
    remedy = "mend the files, or leave the utterances out: corpus: {leave_out: [id, ...]}, or {unusable: leave_out}"
    return Fault("", f"{count} chosen utterances cannot be used", remedy)


def facts_notes(frame: "polars.DataFrame", facts: Mapping[str, Facts], sample_rate_hz: int) -> list[Note]:
    """What the user should know about files that could be read.

    Args:
        frame: Rows of the corpus.
        facts: Facts of those that were inspected.
        sample_rate_hz: Rate at which they were inspected.
    """
    lying = sum(
        duration is not None
        and offset is None
        and identity in facts
        and abs(duration - facts[identity].samples / sample_rate_hz) > DURATION_SLACK_S
        for identity, offset, duration in frame.select("id", "offset", "duration").rows()
    )
    told = [f"{lying} rows declare a duration that is not the audio's: the audio's own is used"] if lying else []
    counts = Counter(remark for found in facts.values() for remark in found.remarks)
    told += [f"{counts[remark]} utterances {remark}" for remark in Remark if counts[remark]]
    return [Note(text, Effect.LABEL) for text in told]


def _facts_of_all(
    corpus: Corpus, places: Sequence[tuple[str, Part]], sample_rate_hz: int, by: MeasuredBy, progress: Progress
) -> list[Facts | AudioError]:
    """Facts of many utterances, or why there are none; each is given by its audio, as written, and the part of it.

    Segments of one recording are decoded in one pass: otherwise an hour of audio would be decoded anew for each. What
    several rows share is measured once.
    """
    once = {place: number for number, place in enumerate(dict.fromkeys(places))}
    found = _facts_of_distinct(corpus, list(once), sample_rate_hz, by, progress)
    return [found[once[place]] for place in places]


def _facts_of_distinct(
    corpus: Corpus, places: Sequence[tuple[str, Part]], sample_rate_hz: int, by: MeasuredBy, progress: Progress
) -> Mapping[int, Facts | AudioError]:
    """The same of places that are all different, by their index."""
    of_file: dict[str, list[int]] = {}
    for place, (audio, _) in enumerate(places):
        of_file.setdefault(audio, []).append(place)
    passes = [portion for own in of_file.values() for portion in _portions(own, places)]
    tasks = [
        Recording(corpus.audio_path(places[own[0]][0]), tuple(places[place][1] for place in own), tuple(own))
        for own in passes
    ]
    found: dict[int, Facts | AudioError] = {}
    with keeping(by.kept) as new, progress.step("measuring speech", len(tasks), "file") as step:
        # Exhaust the iterator: abandoning it midway stops the workers.
        for outcome in by.run(Measuring(sample_rate_hz, by.kept), tasks):
            step.advance()
            found |= outcome.facts
            new |= said_of(outcome.new)
    return found


def _portions(own: Sequence[int], places: Sequence[tuple[str, Part]]) -> Iterator[list[int]]:
    """Segments of one recording that are held at once: a limited number, together no longer than one alone may be."""
    portion, seconds = list[int](), 0.0
    for place in own:
        length_s = places[place][1].duration_s
        lasts_s = LONGEST_S if length_s is None else min(length_s, LONGEST_S)
        if portion and (len(portion) >= MOST_AT_ONCE or seconds + lasts_s > LONGEST_S):
            yield portion
            portion, seconds = [], 0.0
        portion.append(place)
        seconds += lasts_s
    if portion:
        yield portion
