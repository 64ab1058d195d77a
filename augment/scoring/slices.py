"""The worst subgroup: which people, under which conditions, fare worse than everybody else under the same ones.

Whoever looks at a thousand slices finds a bad one. So slices are ranked by intervals that hold for all of them
together, and are called exploratory; with a holdout, half of the speakers choose a slice and the other half, who had no
part in the choice, confirm it or do not.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.design.freedom import FEWEST_SPEAKERS
from augment.scoring.answers import Question
from augment.scoring.estimates import Estimate, Part, between, rate
from augment.scoring.families import judge
from augment.scoring.sample import Numbers, Sample
from augment.streams import generator

MOST_COLUMNS, MOST_SLICES = 3, 2000
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Slice:
    """Some people under some conditions.

    Attributes:
        where: Columns and their values.
        rate: Word error rate.
        others: That of everybody else under the same conditions.
        difference: Of the two.
        low: Lower end of its interval, which holds for all slices together.
        high: Upper end.
        speakers: How many are in it.
        words: In their references.
        confirmed: By the speakers who were held back: whether the slice is worse among them too. None without holdout,
            or for a slice that was not chosen.
        held_back: Difference and its interval among them, by itself.
    """

    where: tuple[tuple[str, str], ...]
    rate: float
    others: float
    difference: float
    low: float | None
    high: float | None
    speakers: int
    words: int
    confirmed: bool | None = None
    held_back: tuple[float, float, float] | None = None

    @property
    def standing(self) -> str:
        """What the speakers who were held back say of it, in a word or two."""
        if self.confirmed is None:
            return "exploratory"
        if self.held_back is None:
            return "too few held back"
        return "confirmed" if self.confirmed else "not confirmed"


@dataclass(frozen=True)
class Found:
    """All slices that could be judged, the worst first.

    Attributes:
        slices: By the lower ends of their intervals.
        tried: How many there were.
        cut_off: Whether there would have been more.
    """

    slices: tuple[Slice, ...]
    tried: int
    cut_off: bool = False


def worst(
    sample: Sample,
    rows: Sequence[Row],
    labels: Sequence[str],
    factors: Sequence[str],
    question: Question,
    holdout: bool = False,
) -> Found:
    """Rank slices.

    Args:
        sample: Items of a recogniser.
        rows: Of the manifest, in the same order.
        labels: Columns that tell people apart; a slice has at least one of them.
        factors: Columns of the factors.
        question: What is asked.
        holdout: Choose among half of the speakers, and confirm with the others.
    """
    columns = _columns(rows, labels, factors)
    usable = (sample.counts.words > 0) & (sample.person >= 0)
    chosen = usable & np.isin(sample.person, _half(sample, question.seed)) if holdout else usable
    known = list(itertools.islice(_slices(sample, columns, labels, chosen), MOST_SLICES + 1))
    cut_off = len(known) > MOST_SLICES
    known = known[:MOST_SLICES]
    judged = judge([found.estimate for _, found in known], question.significance, question.seed)
    found = [
        Slice(where, *found.rates, one.estimate.value, one.low, one.high, found.people, found.words)
        for (where, found), one in zip(known, judged, strict=True)
    ]
    found.sort(key=lambda one: -np.inf if one.low is None else one.low, reverse=True)
    if holdout and found:
        found[0] = _confirmed(sample, found[0], labels, columns, usable & ~chosen, question)
    return Found(tuple(found), len(known), cut_off)


def _half(sample: Sample, seed: int) -> Numbers:
    """Half of the people of each group; whoever is in several is drawn once, with the first of them."""
    rng = generator("score", "halves", seed)
    out, drawn = list[int](), set[int]()
    for group in sample.groups:
        own = [int(sample.people[number]) for number, (name, _) in enumerate(sample.speakers) if name == group]
        own = [person for person in own if person not in drawn]
        drawn.update(own)
        out += rng.permutation(own)[: (len(own) + 1) // 2].tolist()
    return np.array(sorted(out), dtype=np.int64)


def _columns(rows: Sequence[Row], labels: Sequence[str], factors: Sequence[str]) -> dict[str, NDArray[np.str_]]:
    every = {name: np.array([str(row[name]) for row in rows]) for name in [*labels, *factors]}
    return {name: values for name, values in every.items() if np.unique(values).size > 1}


@dataclass(frozen=True)
class _Difference:
    """Of those in a slice and everybody else under the same conditions: their rates, and who is in it."""

    estimate: Estimate
    rates: tuple[float, float]
    people: int
    words: int


_Known = tuple[tuple[tuple[str, str], ...], _Difference]


def _slices(
    sample: Sample, columns: Mapping[str, NDArray[np.str_]], labels: Sequence[str], among: NDArray[np.bool_]
) -> Iterator[_Known]:
    """Slices of one column first, then of two and three."""
    values = {name: np.unique(column[among]) for name, column in columns.items()}
    for size in range(1, MOST_COLUMNS + 1):
        for names in itertools.combinations(columns, size):
            own = [name for name in names if name in labels]
            if not own:
                continue
            for said in itertools.product(*(values[name] for name in names)):
                where = tuple(zip(names, map(str, said), strict=True))
                found = _difference(sample, where, own, columns, among)
                if found is not None:
                    yield where, found


def _difference(
    sample: Sample,
    where: Sequence[tuple[str, str]],
    labels: Sequence[str],
    columns: Mapping[str, NDArray[np.str_]],
    among: NDArray[np.bool_],
) -> _Difference | None:
    """Those in a slice less everybody else under the same conditions; None where either side has too few speakers."""
    heard, inside = among.copy(), among.copy()
    for name, value in where:
        here = columns[name] == value
        inside &= here
        if name not in labels:
            heard &= here
    one, other = (_rate(sample, which) for which in (inside, heard & ~inside))
    if min(one.fewest, other.fewest) < FEWEST_SPEAKERS:
        return None
    words, people = int(sample.counts.words[inside].sum()), np.unique(sample.person[inside]).size
    return _Difference(_apart(one, other), (one.value, other.value), people, words)


def _rate(sample: Sample, which: NDArray[np.bool_]) -> Estimate:
    numbers, place = np.unique(sample.person[which], return_inverse=True)
    errors, words = sample.counts.errors[which], sample.counts.words[which]
    return rate(np.bincount(place, weights=errors), np.bincount(place, weights=words), numbers)


def _apart(one: Estimate, other: Estimate) -> Estimate:
    """Difference of two rates; whoever speaks in both counts once, with the difference of both influences."""
    (a,), (b,) = one.parts, other.parts
    if not np.intersect1d(a.speakers, b.speakers).size:
        return between(one, other)
    everybody = np.union1d(a.speakers, b.speakers)
    influence, leverage = np.zeros(everybody.size), np.zeros(everybody.size)
    for part, sign in ((a, 1.0), (b, -1.0)):
        place = np.searchsorted(everybody, part.speakers)
        influence[place] += sign * part.influence
        leverage[place] += part.leverage / 2
    return Estimate(one.value - other.value, (Part(everybody, influence, leverage),))


def _confirmed(
    sample: Sample,
    chosen: Slice,
    labels: Sequence[str],
    columns: Mapping[str, NDArray[np.str_]],
    held_back: NDArray[np.bool_],
    question: Question,
) -> Slice:
    found = _difference(sample, chosen.where, labels, columns, held_back)
    interval = None if found is None else found.estimate.interval(1 - question.significance)
    if found is None or interval is None:
        return replace(chosen, confirmed=False)
    return replace(chosen, confirmed=interval[0] > 0, held_back=(found.estimate.value, *interval))
