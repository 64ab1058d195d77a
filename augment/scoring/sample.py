"""The scored items of one recogniser, by cell: the rates of cells, and every combination of them."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.scoring.counting import Counts
from augment.scoring.estimates import Estimate, log_ratio, rate, weighted, with_shared

Row = Mapping[str, Any]
Numbers = NDArray[np.int64]
SHARED = {"text": "texts", "segment": "noise segments", "position": "places in rooms"}
"""What speakers may have in common, besides their group and condition."""
MOST = 0.5
"""Share of items above which what they have is taken to be shared."""


@dataclass(frozen=True)
class Cell:
    """A group in a condition.

    Attributes:
        group: One value, or several with their names.
        condition: One column of the grid.
    """

    group: str
    condition: str


Term = tuple[Cell, float]
"""A cell and the weight of its rate in a sum."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Items with their errors.

    Attributes:
        counts: Errors of each item, shape (n,).
        group: Of each item, as a number, shape (n,).
        condition: The same.
        speaker: The same: a person within a group. Whoever is not named has the number -1.
        utterance: The same.
        shared: For each kind of :data:`SHARED`, its value of each item as a number, -1 for none.
        groups: Their names.
        conditions: Their names.
        speakers: Group and name of each speaker.
        skewed: Whether rates are taken as skewed; not where the counts are those of one recogniser less another's.
    """

    counts: Counts
    group: Numbers
    condition: Numbers
    speaker: Numbers
    utterance: Numbers
    shared: Mapping[str, Numbers]
    groups: tuple[str, ...]
    conditions: tuple[str, ...]
    speakers: tuple[tuple[str, str], ...]
    skewed: bool = True

    @classmethod
    def of(cls, rows: Sequence[Row], conditions: Sequence[str], counts: Counts, texts: Sequence[str]) -> "Sample":
        """From rows of a manifest.

        Args:
            rows: Of all items.
            conditions: In the order of the grid.
            counts: Errors of each.
            texts: References as they are compared.
        """
        groups = sorted({str(row["group"]) for row in rows})
        place = {name: number for number, name in enumerate(conditions)}
        people = [None if row["speaker"] is None else (str(row["group"]), str(row["speaker"])) for row in rows]
        speaker, speakers = _numbered(people)
        shared = {
            "text": _numbered(list(texts))[0],
            "segment": _numbered([row.get("noise_segment") for row in rows])[0],
            "position": _numbered([_position(row) for row in rows])[0],
        }
        return cls(
            counts,
            np.array([groups.index(str(row["group"])) for row in rows], dtype=np.int64),
            np.array([place[row["condition"]] for row in rows], dtype=np.int64),
            speaker,
            _numbered([row["utterance"] for row in rows])[0],
            shared,
            tuple(groups),
            tuple(conditions),
            tuple((str(group), str(name)) for group, name in speakers),
        )

    @cached_property
    def people(self) -> Numbers:
        """Of each speaker, the number that stands for their name: who speaks in several groups is one person."""
        first: dict[str, int] = {}
        return np.array([first.setdefault(name, number) for number, (_, name) in enumerate(self.speakers)], np.int64)

    @cached_property
    def person(self) -> Numbers:
        """Of each item, whatever its group; -1 for whoever is not named."""
        return np.where(self.speaker < 0, -1, self.people[self.speaker]) if self.speakers else self.speaker

    @cached_property
    def _members(self) -> dict[Cell, Numbers]:
        """Items of each cell, those without a word in the reference left out."""
        wide = len(self.conditions)
        number = np.where(self.counts.words > 0, self.group * wide + self.condition, -1)
        order = np.argsort(number, kind="stable")
        ends = np.searchsorted(number[order], np.arange(len(self.groups) * wide + 1))
        return {
            Cell(group, condition): order[ends[g * wide + c] : ends[g * wide + c + 1]]
            for g, group in enumerate(self.groups)
            for c, condition in enumerate(self.conditions)
        }

    def items(self, cell: Cell) -> Numbers:
        """Numbers of a cell's items."""
        return self._members[cell]

    def named(self, cell: Cell) -> bool:
        """Whether the speaker of every item is known."""
        return bool((self.speaker[self.items(cell)] >= 0).all())

    def rate(self, cell: Cell, of: Numbers | None = None) -> Estimate:
        """Word error rate of a cell, or of some of its speakers; without influences where speakers have no names."""
        members = self.items(cell)
        if of is not None:
            members = members[np.isin(self.speaker[members], of)]
        if not self.named(cell):
            words = float(np.sum(self.counts.words[members]))
            return Estimate(float(np.sum(self.counts.errors[members])) / words if words else math.nan, ())
        numbers, place = np.unique(self.speaker[members], return_inverse=True)
        of_each = (np.bincount(place, counted[members]) for counted in (self.counts.errors, self.counts.words))
        return rate(next(of_each), next(of_each), numbers, self.skewed)

    def heard(self, cell: Cell) -> Numbers:
        """Numbers of a cell's speakers, rising."""
        return np.unique(self.speaker[self.items(cell)])

    def combined(self, terms: Sequence[Term], value: float | None = None) -> Estimate:
        """Weighted sum of the rates of cells: of one group on its common speakers, of different groups as they are.

        Args:
            terms: Cells with their weights; of each group one or more conditions.
            value: What the estimate is, where the terms are its linear part only.
        """
        of_groups: dict[str, list[Term]] = {}
        for cell, factor in terms:
            of_groups.setdefault(cell.group, []).append((cell, factor))
        found = [self._of_group(own) for own in of_groups.values()]
        named = all(estimate.parts for estimate in found)
        parts = tuple(part for estimate in found for part in estimate.parts) if named else ()
        linear = Estimate(sum(estimate.value for estimate in found), parts)
        return self._shared_too(linear if value is None else linear.standing_for(value), terms)

    def log_ratio(self, one: Cell, other: Cell) -> tuple[float, list[Term]] | None:
        """Logarithm of the ratio of two conditions' rates, and the terms of its linear part; None where one is 0."""
        common = self.common((one, other)) if one.group == other.group else None
        found = log_ratio(self.rate(one, common), self.rate(other, common))
        return None if found is None else (found[0], [(one, found[1][0]), (other, found[1][1])])

    def _of_group(self, terms: Sequence[Term]) -> Estimate:
        if not all(self.named(cell) for cell, _ in terms):
            return Estimate(sum(factor * self.rate(cell).value for cell, factor in terms), ())
        common = self.common(cell for cell, _ in terms)
        return weighted([(self.rate(cell, common), factor) for cell, factor in terms])

    def common(self, cells: Iterable[Cell]) -> Numbers | None:
        """Speakers that all cells have; None where all of them have the same."""
        heard = [self.heard(cell) for cell in cells]
        if all(np.array_equal(own, heard[0]) for own in heard):
            return None
        found = heard[0]
        for own in heard[1:]:
            found = np.intersect1d(found, own)
        return found

    def same_utterances(self, one: Cell, other: Cell) -> bool:
        """Whether two conditions of a group were heard with the same utterances."""
        here, there = (np.sort(self.utterance[self.items(cell)]) for cell in (one, other))
        return np.array_equal(here, there)

    def _clusters(self, cells: Sequence[Cell], kind: str) -> int:
        """How many values of a kind some cells have, if several speakers meet most of them; otherwise 0.

        A cell may have none, as one without noise has no noise segment.
        """
        members = np.concatenate([self.items(cell) for cell in cells])
        values, speakers = self.shared[kind][members], self.speaker[members]
        if (speakers < 0).any():
            return 0
        values, speakers = values[values >= 0], speakers[values >= 0]
        if not values.size:
            return 0
        here, place = np.unique(values, return_inverse=True)
        pairs = np.unique(place * (self.speaker.max() + 1) + speakers)
        met_by = np.bincount(pairs // (self.speaker.max() + 1), minlength=here.size)
        return int(here.size) if np.mean(met_by[place] > 1) > MOST else 0

    def _shared_too(self, estimate: Estimate, terms: Sequence[Term]) -> Estimate:
        """The estimate, with the clusters that all speakers share and that make its variance largest."""
        cells = [cell for cell, _ in terms]
        best = estimate
        for kind in SHARED:
            clusters = self._clusters(cells, kind)
            if clusters < 2 or not estimate.parts:
                continue
            found = with_shared(estimate, self._variances(terms, kind), clusters, SHARED[kind])
            best = max(best, found, key=lambda one: (one.variance, -one.freedom))
        return best

    def _variances(self, terms: Sequence[Term], kind: str) -> tuple[float, float]:
        """CR2 variances of a combination, clustered by what is shared, and by speaker and what is shared."""
        influence, share = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
        values, people = list[Numbers](), list[Numbers]()
        for cell, factor in terms:
            members = self.items(cell)
            errors, words = self.counts.errors[members], self.counts.words[members].astype(np.float64)
            total = np.sum(words)
            influence.append(factor * (errors - words * np.sum(errors) / total) / total)
            share.append(words / total / len(terms))
            values.append(self.shared[kind][members])
            people.append(self.speaker[members])
        u, h = np.concatenate(influence), np.concatenate(share)
        value, person = np.concatenate(values), np.concatenate(people)
        alone = value < 0  # whoever meets none of them shares none: a cluster of their own, in both ways of clustering
        value[alone] = self.shared[kind].max() + 1 + person[alone]
        return _cr2(value, u, h), _cr2(value * (self.speaker.max() + 1) + person, u, h)


def _cr2(cluster: Numbers, influence: NDArray[np.float64], leverage: NDArray[np.float64]) -> float:
    _, place = np.unique(cluster, return_inverse=True)
    u, h = np.bincount(place, weights=influence), np.bincount(place, weights=leverage)
    return float(np.sum(u**2 / (1 - np.minimum(h, 1 - 1e-12)))) if u.size > 1 else 0.0


def _numbered(values: Sequence[Hashable]) -> tuple[Numbers, list[Any]]:
    """Values as numbers in the order of their first appearance, -1 for None, and the values."""
    known: dict[Hashable, int] = {}
    numbers = [-1 if value is None else known.setdefault(value, len(known)) for value in values]
    return np.array(numbers, dtype=np.int64), list(known)


def _position(row: Row) -> Hashable:
    place = row.get("room_position")
    return None if place is None else (row.get("room_name"), place)
