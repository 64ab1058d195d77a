"""Answers of one recogniser: rates by cell, what conditions change, what groups differ by, and whether gaps grow."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from augment.design.freedom import FEWEST_SPEAKERS
from augment.scoring.counting import Counts
from augment.scoring.estimates import Estimate
from augment.scoring.families import judge
from augment.scoring.sample import Cell, Sample

Kind = Literal["groups", "conditions", "growth", "recognisers"]


@dataclass(frozen=True)
class CellAnswer:
    """The word error rate of a group in a condition.

    Attributes:
        group: The group.
        condition: The condition.
        rate: Errors over words; None without words. It can exceed 1.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        freedom: Degrees of freedom.
        why: Why there is no interval; empty if there is one.
        speakers: How many.
        utterances: How many.
        words: In the references.
        substitutions: Errors of this kind.
        deletions: The same.
        insertions: The same.
        loops: Utterances in which the recogniser lost itself.
        rate_without_loops: Rate of the others.
        shared: What all speakers have in common, which the interval allows for; empty for nothing.
        alone: The interval without that allowance.
    """

    group: str
    condition: str
    rate: float | None
    low: float | None
    high: float | None
    freedom: float | None
    why: str
    speakers: int
    utterances: int
    words: int
    substitutions: int
    deletions: int
    insertions: int
    loops: int
    rate_without_loops: float | None
    shared: str = ""
    alone: tuple[float, float] | None = None


@dataclass(frozen=True)
class Comparison:
    """A difference of word error rates.

    Attributes:
        kind: ``groups``: ``one`` less ``other`` in a condition. ``conditions``: a group in a condition less the same in
            the reference. ``growth``: the difference of two groups in a condition less that in the reference.
            ``recognisers``: ``one`` less ``other`` in a cell.
        one: Group or recogniser.
        other: What it is compared with; empty for ``conditions``.
        group: For ``recognisers``, the group of both.
        condition: In which condition.
        reference: With which condition it is compared; empty if with none.
        difference: Of the rates.
        low: Lower end of its interval, by itself.
        high: Upper end.
        p_value: By itself: for a comparison that was meant before the data were seen.
        family_low: Lower end of the interval that holds for the whole family.
        family_high: Upper end.
        family_p: Adjusted for the family.
        method: How it was adjusted.
        ratio: Of the rates; for ``growth`` the ratio of both ratios. None where a rate is 0.
        ratio_low: Lower end of its interval.
        ratio_high: Upper end.
        freedom: Degrees of freedom.
        speakers: Of each group.
        why: Why there is no interval; empty if there is one.
        other_utterances: Whether both conditions were heard with different utterances.
        shared: As for a cell.
        equivalent: Whether the difference is shown to lie within the margin, by Bonferroni's inequality for the whole
            family; None without one.
        could_show: The smallest margin within which it would have been shown to lie.
    """

    kind: Kind
    one: str
    other: str
    group: str
    condition: str
    reference: str
    difference: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    family_low: float | None = None
    family_high: float | None = None
    family_p: float | None = None
    method: str | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    freedom: float | None = None
    speakers: tuple[int, ...] = ()
    why: str = ""
    other_utterances: bool = False
    shared: str = ""
    equivalent: bool | None = None
    could_show: float | None = None

    @property
    def order(self) -> tuple[bool, float, float]:
        """What to sort by so that the most certain comparisons come first, and those without an interval last."""
        return self.family_p is None, self.family_p or 0.0, -abs(self.difference or 0.0)

    @property
    def shown(self) -> bool:
        """Whether the interval of the family leaves out 0."""
        return (
            self.family_low is not None
            and self.family_high is not None
            and not (self.family_low <= 0 <= self.family_high)
        )


@dataclass(frozen=True)
class Question:
    """What is asked of the scores.

    Attributes:
        reference: Condition that others are compared with.
        significance: Of every family.
        margin: Difference that would not matter; None if nobody said.
        contrasts: Pairs of groups in conditions, with a reference for growth or none; None for all of them.
        seed: Of random signs and of halves.
    """

    reference: str
    significance: float = 0.05
    margin: float | None = None
    contrasts: tuple[tuple[str, str, str, str | None], ...] | None = None
    seed: int = 0


def cells(sample: Sample, question: Question) -> list[CellAnswer]:
    """The rate of every cell that has items."""
    return [
        _cell(sample, Cell(group, condition), question)
        for condition in sample.conditions
        for group in sample.groups
        if sample.items(Cell(group, condition)).size
    ]


def _cell(sample: Sample, cell: Cell, question: Question) -> CellAnswer:
    items, counts = sample.items(cell), sample.counts
    found = sample.combined([(cell, 1.0)])
    coverage = 1 - question.significance
    interval = found.log_interval(coverage)
    alone = None if not found.shared else Estimate(found.value, found.parts).log_interval(coverage)
    words, errors, kept = counts.words[items], counts.errors[items], ~counts.looped[items]
    return CellAnswer(
        group=cell.group,
        condition=cell.condition,
        rate=found.value,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        freedom=found.freedom if interval else None,
        why="" if interval else _why(found, errors=int(errors.sum())),
        speakers=int(sample.heard(cell).size) if sample.named(cell) else 0,
        utterances=items.size,
        words=int(words.sum()),
        substitutions=int(counts.substitutions[items].sum()),
        deletions=int(counts.deletions[items].sum()),
        insertions=int(counts.insertions[items].sum()),
        loops=int(np.count_nonzero(~kept)),
        rate_without_loops=float(errors[kept].sum() / words[kept].sum()) if words[kept].sum() else None,
        shared=found.shared if interval else "",
        alone=alone,
    )


def _why(estimate: Estimate, errors: int | None = None) -> str:
    if math.isnan(estimate.value):
        return "there is nothing to compare"
    if not estimate.parts:
        return "speakers are not named"
    if errors == 0:
        return "there is no error"
    if estimate.fewest < FEWEST_SPEAKERS:
        least = "1 speaker" if estimate.fewest == 1 else f"{estimate.fewest} speakers"
        return f"{least}, where {FEWEST_SPEAKERS} are needed"
    return "nothing varies between speakers"


def pairs(sample: Sample, question: Question) -> list[Comparison]:
    """Differences between groups in each condition: one family."""
    found = []
    for one, other, condition, _ in _asked(sample, question, None):
        a, b = Cell(one, condition), Cell(other, condition)
        estimate = sample.combined([(a, 1.0), (b, -1.0)])
        logs = sample.log_ratio(a, b)
        ratio = sample.combined(logs[1], logs[0]) if logs else None
        found.append((Comparison("groups", one, other, "", condition, "", estimate.value), estimate, ratio))
    return _judged(found, question)


def steps(sample: Sample, question: Question) -> list[Comparison]:
    """What each condition changes within each group, against the reference: one family."""
    found = []
    for condition, group in itertools.product(sample.conditions, sample.groups):
        here, there = Cell(group, condition), Cell(group, question.reference)
        if condition == question.reference or not _both(sample, here, there):
            continue
        estimate = sample.combined([(here, 1.0), (there, -1.0)])
        logs = sample.log_ratio(here, there)
        other = not sample.same_utterances(here, there)
        told = Comparison(
            "conditions", group, "", "", condition, question.reference, estimate.value, other_utterances=other
        )
        found.append((told, estimate, sample.combined(logs[1], logs[0]) if logs else None))
    return _judged(found, question)


def growth(sample: Sample, question: Question) -> list[Comparison]:
    """Whether the difference of two groups is another one than in the reference: one family.

    A difference can grow because all make more errors: the ratio of ratios tells whether one group suffers more in
    proportion.
    """
    found = []
    for one, other, condition, reference in _asked(sample, question, question.reference):
        assert reference is not None, "growth is asked for against a condition"
        corners = [Cell(group, place) for group in (one, other) for place in (condition, reference)]
        if not (_both(sample, *corners[:2]) and _both(sample, *corners[2:])):
            continue
        estimate = sample.combined(list(zip(corners, (1.0, -1.0, -1.0, 1.0), strict=True)))
        logs = [sample.log_ratio(*corners[:2]), sample.log_ratio(*corners[2:])]
        ratio = None
        if logs[0] is not None and logs[1] is not None:
            terms = [*logs[0][1], *((cell, -weight) for cell, weight in logs[1][1])]
            ratio = sample.combined(terms, logs[0][0] - logs[1][0])
        same = all(sample.same_utterances(*two) for two in (corners[:2], corners[2:]))
        told = Comparison("growth", one, other, "", condition, reference, estimate.value, other_utterances=not same)
        found.append((told, estimate, ratio))
    return _judged(found, question)


def recognisers(one: tuple[str, Sample], other: tuple[str, Sample], question: Question) -> list[Comparison]:
    """Differences between two recognisers on the same utterances, in each cell: one family."""
    found = []
    (name, a), (second, b) = one, other
    both = replace(a, counts=_less(a.counts, b.counts), skewed=False)
    for condition, group in itertools.product(a.conditions, a.groups):
        cell = Cell(group, condition)
        if not a.items(cell).size:
            continue
        estimate = both.combined([(cell, 1.0)])
        told = Comparison("recognisers", name, second, group, condition, "", estimate.value)
        found.append((told, estimate, None))
    return _judged(found, question)


def _less(one: Counts, other: Counts) -> Counts:
    """Counts whose errors are the differences of two recognisers' errors, on the same words."""
    return replace(
        one,
        substitutions=one.substitutions - other.substitutions,
        deletions=one.deletions - other.deletions,
        insertions=one.insertions - other.insertions,
    )


def _both(sample: Sample, one: Cell, other: Cell) -> bool:
    """Whether two cells of a group can be compared: both have items and speakers in common, or no names."""
    if not (sample.items(one).size and sample.items(other).size):
        return False
    common = sample.common((one, other))
    return common is None or bool(common.size)


def _asked(sample: Sample, question: Question, reference: str | None) -> Iterator[tuple[str, str, str, str | None]]:
    """Pairs of groups in conditions: those that a user named, or all."""
    if question.contrasts is not None:
        for one, other, condition, own in question.contrasts:
            if reference is None or condition != (own or reference):
                yield one, other, condition, reference and (own or reference)
        return
    for condition in sample.conditions:
        if condition == reference:
            continue
        heard = [group for group in sample.groups if sample.items(Cell(group, condition)).size]
        for one, other in itertools.combinations(heard, 2):
            yield one, other, condition, reference


def _judged(found: Sequence[tuple[Comparison, Estimate, Estimate | None]], question: Question) -> list[Comparison]:
    coverage = 1 - question.significance
    out = []
    family = judge([estimate for _, estimate, _ in found], question.significance, question.seed)
    each = question.significance / max(1, sum(estimate.known for _, estimate, _ in found))  # of all claims of likeness
    for (told, estimate, ratio), judged in zip(found, family, strict=True):
        own = estimate.interval(coverage)
        spread = ratio.interval(coverage, jackknife=True) if ratio is not None else None
        alike = estimate.interval(1 - 2 * each, jackknife=True)
        could_show = None if alike is None else max(abs(end) for end in alike)
        out.append(
            replace(
                told,
                low=own[0] if own else None,
                high=own[1] if own else None,
                p_value=estimate.p_value(),
                family_low=judged.low,
                family_high=judged.high,
                family_p=judged.p_value,
                method=judged.method,
                ratio=None if ratio is None else math.exp(min(ratio.value, 700.0)),
                ratio_low=None if spread is None else math.exp(min(spread[0], 700.0)),
                ratio_high=None if spread is None else math.exp(min(spread[1], 700.0)),
                freedom=estimate.freedom if own else None,
                speakers=tuple(part.speakers.size for part in estimate.parts),
                why="" if own else _why(estimate),
                shared=estimate.shared if own else "",
                equivalent=None if question.margin is None or could_show is None else could_show < question.margin,
                could_show=could_show,
            )
        )
    return out
