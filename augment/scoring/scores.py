"""Scoring a finished test set: hypotheses in, all answers out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augment.design.conditions import condition_of, reference_condition
from augment.errors import AcoustigridError, Fault, ScoreError, StoreError, nearest
from augment.errors import counted as counted_of
from augment.plain_text import visible
from augment.progress import SILENT, Progress, each
from augment.recipe.loader import load_recipe
from augment.scoring import answers
from augment.scoring.answers import CellAnswer, Comparison, Question
from augment.scoring.assumed import Assumed, assumed_of
from augment.scoring.counting import Counts, counted
from augment.scoring.frames import cells_frame, comparisons_frame, items_frame
from augment.scoring.hypotheses import Hypotheses, read_hypotheses
from augment.scoring.ladders import Doubling, Ladder, doubling, ladders
from augment.scoring.sample import Sample
from augment.scoring.slices import Found, worst
from augment.scoring.wording import Wording
from augment.showing import Picture, Presented, picture_of
from augment.testset.folder import RECIPE
from augment.testset.reading import Finished, Row

if TYPE_CHECKING:
    import polars

EXAMPLES, MOST_FAULTS = 20, 20
PLAIN = Wording()


@dataclass(frozen=True)
class ScoreOptions:
    """How to score.

    Attributes:
        wording: What is compared.
        reference: Condition that others are compared with; None for the recipe's reference, or else one without
            noise, or that of the best SNR.
        margin: Difference that would not matter; None if nobody said.
        contrasts: The family of comparisons, as in :class:`~augment.scoring.answers.Question`; None for all.
        missing_as_deleted: Count all words of an item without a hypothesis as deleted.
        holdout: Confirm the worst slice with speakers that were held back.
        significance: Of every family.
        seed: Of random signs and of halves.
        audio: Check the audio files too: they are what was recognised.

    Example:
        >>> ScoreOptions(reference="quiet__studio", margin=0.02).significance
        0.05
    """

    wording: Wording = PLAIN
    reference: str | None = None
    margin: float | None = None
    contrasts: tuple[tuple[str, str, str, str | None], ...] | None = None
    missing_as_deleted: bool = False
    holdout: bool = False
    significance: float = 0.05
    seed: int = 0
    audio: bool = True


@dataclass(frozen=True)
class Example:
    """A text that was brought into another form.

    Attributes:
        written: As it stands in the manifest or in the hypotheses.
        compared: As it was compared.
    """

    written: str
    compared: str


@dataclass(frozen=True, eq=False)
class RecogniserScores:
    """All about one recogniser.

    Attributes:
        name: As the user calls it.
        heard: What it recognised, as written.
        compared: The same as it was compared, by item.
        sample: Its errors.
        empty_references: Items whose reference has no word.
        inserted_there: Words that were recognised in them.
        cells: Rates.
        steps: What conditions change.
        pairs: What groups differ by.
        growth: Whether gaps grow.
        doublings: SNRs at which rates double.
        slices: The worst subgroups.
        unchanged_text: Word error rate of each group with texts as they are written.
        groups: The same, with texts as they were compared.
        assumed: What the next design can assume.
    """

    name: str
    heard: Hypotheses
    compared: tuple[str, ...]
    sample: Sample
    empty_references: int
    inserted_there: int
    cells: list[CellAnswer]
    steps: list[Comparison]
    pairs: list[Comparison]
    growth: list[Comparison]
    doublings: list[Doubling]
    slices: Found
    unchanged_text: Mapping[str, float]
    groups: Mapping[str, float]
    assumed: Assumed | None

    @property
    def counts(self) -> Counts:
        """Errors, by item."""
        return self.sample.counts

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What it recognised, as written, by item; None where there is no line."""
        return self.heard.texts

    @property
    def missing(self) -> int:
        """Items without a line."""
        return sum(text is None for text in self.texts)


@dataclass(frozen=True, eq=False)
class Scores(Presented):
    """The answers.

    Attributes:
        finished: The test set.
        options: How it was scored.
        question: What was asked.
        references: Texts as they were compared, by item.
        examples: Texts that were changed most.
        groups: In order.
        conditions: In the order of the grid.
        ladders: Conditions that differ in their SNR alone.
        recognisers: One for each file of hypotheses.
        between_recognisers: Differences of every two of them.

    Example: ``augment.open("testset").score(tiny="whisper.jsonl").cells`` is a table of rates.
    """

    finished: Finished
    options: ScoreOptions
    question: Question
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    groups: tuple[str, ...]
    conditions: tuple[str, ...]
    ladders: tuple[Ladder, ...]
    recognisers: tuple[RecogniserScores, ...]
    between_recognisers: list[Comparison]

    @property
    def rows(self) -> Sequence[Row]:
        """Of the manifest."""
        return self.finished.rows

    @cached_property
    def frame(self) -> "polars.DataFrame":
        """One row for each item and recogniser: its errors, words and texts as they were compared."""
        return items_frame(self)

    @cached_property
    def cells(self) -> "polars.DataFrame":
        """One row for each recogniser, group and condition: its rate with its interval, and errors by their kind."""
        return cells_frame(self)

    @cached_property
    def comparisons(self) -> "polars.DataFrame":
        """One row for each comparison of groups, conditions or recognisers, the most certain first."""
        return comparisons_frame(self)

    def __repr__(self) -> str:
        size = f"{counted_of(len(self.groups), 'group')} x {counted_of(len(self.conditions), 'condition')}"
        names = ", ".join(visible(one.name) for one in self.recognisers)
        return f"<Scores of '{visible(self.finished.name)}': {size}, {counted_of(len(self.rows), 'item')}; {names}>"

    def plot(self) -> Picture:
        """Rates with their intervals, of every group in every condition."""
        return picture_of(self)


NEEDED = (
    "id", "audio_filepath", "text", "speaker", "group", "condition", "utterance", "noise_segment", "room_name",
    "room_position", "snr_requested_db", "snr_full_band_db",
)  # fmt: skip
"""Columns that scores are made of, beside labels, factors and the steps that add noise."""


def score(finished: Finished, files: Mapping[str, Path], options: ScoreOptions, progress: Progress = SILENT) -> Scores:
    """Score hypotheses.

    Args:
        finished: The test set.
        files: File of hypotheses of each recogniser.
        options: How.
        progress: Told how far it has got.

    Raises:
        AcoustigridError: The set is not as it was built, hypotheses do not fit it, or something is asked for that it
            does not have. Faults of all files are told together.
    """
    known, steps = finished, (name for name in finished.columns if name.startswith("noise") and name.endswith("_step"))
    finished = known.narrowed({*NEEDED, *steps, *known.labels, *known.factors})
    rows, conditions = finished.rows, tuple(map(str, finished.identity["conditions"]))
    question = Question(
        _reference(finished, conditions, options), options.significance, options.margin, options.contrasts, options.seed
    )
    _refuse_unknown(question, rows, conditions)
    if options.audio:
        _refuse_other_audio(known, progress)
    with progress.step("reading what was recognised"):
        heard = _all_hypotheses(files, rows, options)
    references = tuple(options.wording.comparable(row["text"] or "") for row in rows)
    if not any(references):
        raise ScoreError(Fault(str(finished.folder.path), "no reference of this set holds a word", "add transcripts"))
    found = tuple(ladders(rows, finished.factors, conditions))
    asked = _Asked(finished, conditions, references, found, question, options)
    each_one = each(progress, "scoring", heard.items(), len(heard), "recogniser")
    scored = tuple(asked.of(name, own) for name, own in each_one)
    between = [
        comparison
        for one, other in combinations(scored, 2)
        for comparison in answers.recognisers((one.name, one.sample), (other.name, other.sample), question)
    ]
    examples = _examples(rows, [own.texts for own in heard.values()], options.wording)
    groups = scored[0].sample.groups
    return Scores(known, options, question, references, examples, groups, conditions, found, scored, between)


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is the same for all recognisers."""

    finished: Finished
    conditions: tuple[str, ...]
    references: tuple[str, ...]
    ladders: tuple[Ladder, ...]
    question: Question
    options: ScoreOptions

    @cached_property
    def _as_written(self) -> Wording:
        return Wording("none", unit=self.options.wording.unit)

    @cached_property
    def _written(self) -> list[str]:
        return [self._as_written.comparable(row["text"] or "") for row in self.finished.rows]

    def of(self, name: str, heard: Hypotheses) -> RecogniserScores:
        """All about one recogniser."""
        rows, wording, question = self.finished.rows, self.options.wording, self.question
        texts = [text or "" for text in heard.texts]
        compared = tuple(map(wording.comparable, texts))
        counts = counted(self.references, compared, wording)
        written = counted(self._written, list(map(self._as_written.comparable, texts)), self._as_written)
        sample, silent = Sample.of(rows, self.conditions, counts, self.references), counts.words == 0
        columns, coverage = (self.finished.labels, self.finished.factors), 1 - question.significance
        return RecogniserScores(
            name=name,
            heard=heard,
            compared=compared,
            sample=sample,
            empty_references=int(np.count_nonzero(silent)),
            inserted_there=int(counts.insertions[silent].sum()),
            cells=answers.cells(sample, question),
            steps=answers.steps(sample, question),
            pairs=answers.pairs(sample, question),
            growth=answers.growth(sample, question),
            doublings=[doubling(sample, one, group, coverage) for one in self.ladders for group in sample.groups],
            slices=worst(sample, rows, *columns, question, self.options.holdout),
            unchanged_text=_by_group(sample, written),
            groups=_by_group(sample, counts),
            assumed=assumed_of(sample),
        )


def _by_group(sample: Sample, counts: Counts) -> dict[str, float]:
    words = np.bincount(sample.group, weights=counts.words)
    errors = np.bincount(sample.group, weights=np.where(counts.words > 0, counts.errors, 0))
    return {name: float(errors[g] / words[g]) for g, name in enumerate(sample.groups) if words[g]}


def _reference(finished: Finished, conditions: Sequence[str], options: ScoreOptions) -> str:
    """The condition that others are compared with: as asked, or as :func:`reference_condition` of the set's recipe.

    Where no recipe can be read, it is the first without noise, or that of the best SNR that was measured.
    """
    rows = finished.rows
    found = options.reference or _reference_of_recipe(finished, conditions)
    if found is not None:
        return found
    loudest: dict[str, float] = {}
    for row in rows:
        snr_db = math.inf if row["snr_full_band_db"] is None else float(row["snr_full_band_db"])
        loudest[row["condition"]] = min(snr_db, loudest.get(row["condition"], math.inf))
    return max((name for name in conditions if name in loudest), key=lambda name: loudest[name])


def _reference_of_recipe(finished: Finished, conditions: Sequence[str]) -> str | None:
    """What the recipe in a set says; None where there is none that tells of the set's conditions."""
    try:
        loaded = load_recipe(finished.folder.path / RECIPE, material=False)
        if tuple(loaded.settings) != finished.factors:
            return None
        choices = dict.fromkeys(tuple(str(row[factor]) for factor in finished.factors) for row in finished.rows)
        known = {found.name: found for found in (condition_of(choice, loaded) for choice in choices)}
    except StoreError:
        raise
    except AcoustigridError:
        return None
    shown = [known[name] for name in conditions if name in known]
    return reference_condition(shown, loaded).name if shown else None


def _refuse_unknown(question: Question, rows: Sequence[Row], conditions: Sequence[str]) -> None:
    groups = sorted({str(row["group"]) for row in rows})
    faults = []
    if question.reference not in conditions:
        remedy = nearest(question.reference, list(conditions))
        faults.append(Fault("reference", f"there is no condition '{question.reference}' in this set", remedy))
    for one, other, condition, reference in question.contrasts or ():
        for name in (name for name in (one, other) if name not in groups):
            faults.append(Fault("contrasts", f"there is no group '{name}' in this set", nearest(name, groups)))
        for name in (name for name in (condition, reference) if name and name not in conditions):
            remedy = nearest(name, list(conditions))
            faults.append(Fault("contrasts", f"there is no condition '{name}' in this set", remedy))
    if faults:
        raise ScoreError(faults)


def _refuse_other_audio(finished: Finished, progress: Progress) -> None:
    """Refuse a set whose audio is not what was built: its hypotheses would be of something else."""
    faults: list[Fault] = []
    for row in each(progress, "checking audio", finished.rows, len(finished.rows), "file"):
        try:
            finished.audio(row)
        except AcoustigridError as error:
            faults += error.faults
            if len(faults) >= MOST_FAULTS:
                break
    if faults:
        raise ScoreError(faults)


def _all_hypotheses(files: Mapping[str, Path], rows: Sequence[Row], options: ScoreOptions) -> dict[str, Hypotheses]:
    if not files:
        raise ScoreError(Fault("hyp", "no hypotheses are given", "name a file for each recogniser: --hyp NAME=FILE"))
    found: dict[str, Hypotheses] = {}
    faults: list[Fault] = []
    for name, file in files.items():
        try:
            found[name] = read_hypotheses(file, rows, options.missing_as_deleted)
        except ScoreError as error:
            faults += error.faults
    if faults:
        raise ScoreError(faults)
    return found


def _examples(rows: Sequence[Row], heard: Sequence[Sequence[str | None]], wording: Wording) -> tuple[Example, ...]:
    """Texts that the form of comparison changed, spread over references and hypotheses, none twice."""
    every = [[str(row["text"] or "") for row in rows], *([text or "" for text in own] for own in heard)]
    changed: dict[str, Example] = {}
    each = -(-EXAMPLES // len(every))
    for texts in every:
        before = len(changed)
        for text in dict.fromkeys(texts):
            compared = wording.comparable(text)
            # Case and a full stop alone teach nobody anything.
            if compared != " ".join(text.rstrip(".?! ").lower().split()) and text not in changed:
                changed[text] = Example(text, compared)
            if len(changed) - before >= each:
                break
    return tuple(changed.values())[:EXAMPLES]
