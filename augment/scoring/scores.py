"""Scoring a finished test set: hypotheses in, all answers out."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from augment.errors import AcoustigridError, Fault, ScoreError, nearest
from augment.scoring import answers
from augment.scoring.answers import CellAnswer, Comparison, Question
from augment.scoring.assumed import Assumed, assumed_of
from augment.scoring.counting import Counts, counted
from augment.scoring.hypotheses import read_hypotheses
from augment.scoring.ladders import Doubling, doubling, ladders
from augment.scoring.sample import Sample
from augment.scoring.slices import Found, worst
from augment.scoring.wording import Wording
from augment.testset.reading import Finished, Row

EXAMPLES, MOST_FAULTS = 20, 20
PLAIN = Wording()


@dataclass(frozen=True)
class ScoreOptions:
    """How to score.

    Attributes:
        wording: What is compared.
        reference: Condition that others are compared with; None for the one without noise, or the first.
        margin: Difference that would not matter; None if nobody said.
        contrasts: The family of comparisons, as in :class:`~augment.scoring.answers.Question`; None for all.
        missing_as_deleted: Count all words of an item without a hypothesis as deleted.
        holdout: Confirm the worst slice with speakers that were held back.
        significance: Of every family.
        seed: Of random signs and of halves.
        audio: Check the audio files too: they are what was recognised.
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
        sha256: Of the file of its hypotheses.
        texts: What it recognised, as written, by item; None where there is no line.
        compared: The same as it was compared.
        counts: Errors, by item.
        missing: Items without a line.
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
    sha256: str
    texts: tuple[str | None, ...]
    compared: tuple[str, ...]
    counts: Counts
    missing: int
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


@dataclass(frozen=True, eq=False)
class Scores:
    """The answers.

    Attributes:
        finished: The test set.
        options: How it was scored.
        question: What was asked.
        references: Texts as they were compared, by item.
        examples: Texts that were changed most.
        groups: In order.
        conditions: In the order of the grid.
        recognisers: One for each file of hypotheses.
        between_recognisers: Differences of every two of them.
    """

    finished: Finished
    options: ScoreOptions
    question: Question
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    groups: tuple[str, ...]
    conditions: tuple[str, ...]
    recognisers: tuple[RecogniserScores, ...]
    between_recognisers: list[Comparison]

    @property
    def rows(self) -> list[Row]:
        """Of the manifest."""
        return self.finished.rows


def score(finished: Finished, files: Mapping[str, Path], options: ScoreOptions) -> Scores:
    """Score hypotheses.

    Args:
        finished: The test set.
        files: File of hypotheses of each recogniser.
        options: How.

    Raises:
        AcoustigridError: The set is not as it was built, hypotheses do not fit it, or something is asked for that it
            does not have. Faults of all files are told together.
    """
    rows, conditions = finished.rows, tuple(map(str, finished.identity["conditions"]))
    question = Question(
        _reference(rows, conditions, options), options.significance, options.margin, options.contrasts, options.seed
    )
    _refuse_unknown(question, rows, conditions)
    if options.audio:
        _refuse_other_audio(finished)
    texts = _all_texts(files, rows, options)
    wording = options.wording
    references = tuple(wording.comparable(row["text"] or "") for row in rows)
    if not any(references):
        raise ScoreError(Fault(str(finished.folder.path), "no reference of this set holds a word", "add transcripts"))
    found = {name: _sample(own, references, rows, conditions, wording) for name, own in texts.items()}
    scored = tuple(
        _of_recogniser(name, files[name], texts[name], found[name], finished, references, question, options)
        for name in files
    )
    between = [
        one
        for two in combinations(found, 2)
        for one in answers.recognisers((two[0], found[two[0]][1]), (two[1], found[two[1]][1]), question)
    ]
    first = next(iter(found.values()))[1]
    examples = _examples(rows, texts, wording)
    return Scores(finished, options, question, references, examples, first.groups, conditions, scored, between)


def _sample(
    texts: Sequence[str | None],
    references: Sequence[str],
    rows: Sequence[Row],
    conditions: Sequence[str],
    wording: Wording,
) -> tuple[tuple[str, ...], Sample]:
    compared = tuple(wording.comparable(text or "") for text in texts)
    return compared, Sample.of(rows, conditions, counted(references, compared, wording), references)


def _of_recogniser(
    name: str,
    file: Path,
    texts: Sequence[str | None],
    found: tuple[tuple[str, ...], Sample],
    finished: Finished,
    references: Sequence[str],
    question: Question,
    options: ScoreOptions,
) -> RecogniserScores:
    compared, sample = found
    rows, counts = finished.rows, sample.counts
    silent = counts.words == 0
    plain = Wording("none", unit=options.wording.unit)
    written = [plain.comparable(row["text"] or "") for row in rows]
    raw = counted(written, [plain.comparable(text or "") for text in texts], plain)
    found_ladders = ladders(rows, finished.factors, sample.conditions)
    return RecogniserScores(
        name=name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        texts=tuple(texts),
        compared=compared,
        counts=counts,
        missing=sum(text is None for text in texts),
        empty_references=int(np.count_nonzero(silent)),
        inserted_there=int(counts.insertions[silent].sum()),
        cells=answers.cells(sample, question),
        steps=answers.steps(sample, question),
        pairs=answers.pairs(sample, question),
        growth=answers.growth(sample, question),
        doublings=[doubling(sample, one, group) for one in found_ladders for group in sample.groups],
        slices=worst(sample, rows, finished.labels, finished.factors, question, options.holdout),
        unchanged_text=_by_group(sample, raw),
        groups=_by_group(sample, counts),
        assumed=assumed_of(sample),
    )


def _by_group(sample: Sample, counts: Counts) -> dict[str, float]:
    words = np.bincount(sample.group, weights=counts.words)
    errors = np.bincount(sample.group, weights=np.where(counts.words > 0, counts.errors, 0))
    return {name: float(errors[g] / words[g]) for g, name in enumerate(sample.groups) if words[g]}


def _reference(rows: Sequence[Row], conditions: Sequence[str], options: ScoreOptions) -> str:
    """The condition that others are compared with: as asked, or the first without noise, or that of the best SNR."""
    if options.reference is not None:
        return options.reference
    loudest: dict[str, float] = {}
    for row in rows:
        snr_db = math.inf if row["snr_full_band_db"] is None else float(row["snr_full_band_db"])
        loudest[row["condition"]] = min(snr_db, loudest.get(row["condition"], math.inf))
    return max((name for name in conditions if name in loudest), key=lambda name: loudest[name])


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


def _refuse_other_audio(finished: Finished) -> None:
    """Refuse a set whose audio is not what was built: its hypotheses would be of something else."""
    faults: list[Fault] = []
    for row in finished.rows:
        try:
            finished.audio(row)
        except AcoustigridError as error:
            faults += error.faults
            if len(faults) >= MOST_FAULTS:
                break
    if faults:
        raise ScoreError(faults)


def _all_texts(files: Mapping[str, Path], rows: Sequence[Row], options: ScoreOptions) -> dict[str, list[str | None]]:
    if not files:
        raise ScoreError(Fault("hyp", "no hypotheses are given", "name a file for each recogniser: --hyp NAME=FILE"))
    found: dict[str, list[str | None]] = {}
    faults: list[Fault] = []
    for name, file in files.items():
        try:
            found[name] = read_hypotheses(file, rows, options.missing_as_deleted)
        except ScoreError as error:
            faults += error.faults
    if faults:
        raise ScoreError(faults)
    return found


def _examples(rows: Sequence[Row], texts: Mapping[str, Sequence[str | None]], wording: Wording) -> tuple[Example, ...]:
    """Texts that the form of comparison changed, spread over references and hypotheses, none twice."""
    every = [[str(row["text"] or "") for row in rows], *([text or "" for text in own] for own in texts.values())]
    changed: dict[str, Example] = {}
    each = -(-EXAMPLES // len(every))
    for texts_of_one in every:
        before = len(changed)
        for text in dict.fromkeys(texts_of_one):
            compared = wording.comparable(text)
            # Case and a full stop alone teach nobody anything.
            if compared != " ".join(text.rstrip(".?! ").lower().split()) and text not in changed:
                changed[text] = Example(text, compared)
            if len(changed) - before >= each:
                break
    return tuple(changed.values())[:EXAMPLES]
