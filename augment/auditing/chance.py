"""How different groups are, and how different chance alone would make them.

Groups of forty from one population are nearly always more than a tenth of a standard deviation apart. So each
difference is reported together with the one that chance alone exceeds in 5 % of cases: speakers are dealt anew, again
and again, to groups of the same sizes, and the resulting differences are counted (a permutation test: Fisher 1935, The
Design of Experiments, section 21; the observed dealing counts as one: Phipson and Smyth 2010, Stat. Appl. Genet. Mol.
Biol. 9:39).

- Speakers are the units that are dealt, with everything they say: utterances of one speaker share their labels and
  often their length, so that forty utterances of four people count as four. With fewer than thirty ways to deal them,
  no difference could ever be significant at 5 %. Utterances are dealt instead, which treats any two voices as two
  groups: in a set of so few voices they are. Where utterances are too few as well, chance is not known, and size alone
  decides.
- Two groups of so few speakers may or may not differ in how they were recorded: these speakers cannot tell whether that
  is chance, and it affects every comparison of the two either way. Such pairs (:attr:`Dealing.few`) are judged by size.
- Among many groups, some two are far apart by chance: therefore the largest difference of all pairs is counted (max T:
  Westfall and Young 1993, Resampling-Based Multiple Testing). Small groups differ more by chance than large ones, so a
  pair is measured in units of sqrt(1/k + 1/l), for k and l speakers (effective numbers: Kish 1965, squared sum over sum
  of squares).
"""

import itertools
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from augment.streams import generator, ranks

if TYPE_CHECKING:
    import polars

NOTICEABLE = 0.1
"""Difference above which groups count as different: standardised (Austin 2009, Statistics in Medicine 28:3083), or a
total variation distance, which bounds the effect that the variable can have on an error rate."""
BEYOND = 0.05
"""Share of dealings that exceed what is attributed to chance."""
DEALS, FEWER_DEALS = 999, 99
MANY_PAIRS = 20_000
"""Pairs of groups times values of a label; beyond it, fewer dealings are made."""
FEWEST_WAYS = 30
MOST_NUMBERS = 1_000_000
"""Numbers that are held in memory at once while units are dealt."""
MOST_UNITS = 2000
"""More speakers than this are dealt in bundles, each from one group: the spread of bundles reflects that of
speakers."""
RESOLUTION = 1e-9
"""Numbers that differ by less than this share of their size count as equal: the rest is rounding."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Dealing:
    """Units that can be dealt to groups anew.

    Attributes:
        groups: Names, sorted.
        unit: Speaker, bundle or utterance that each row belongs to, as a number, shape (rows,).
        group: Group of each unit, as a number, shape (units,).
        by_speaker: Whether speakers are dealt, and not utterances.
        speakers: Number of speakers in each group if utterances are dealt; None if speakers are.
    """

    groups: tuple[str, ...]
    unit: Ints
    group: Ints
    by_speaker: bool
    speakers: Ints | None = None

    @cached_property
    def sizes(self) -> Ints:
        """Number of units in each group."""
        return np.bincount(self.group, minlength=len(self.groups))

    @property
    def known(self) -> bool:
        """Whether there are enough ways to deal them."""
        return _enough(self.sizes.tolist())

    @property
    def voices(self) -> Ints:
        """Number of speakers in each group."""
        return self.sizes if self.speakers is None else self.speakers

    @cached_property
    def few(self) -> NDArray[np.bool_]:
        """Pairs of groups with too few speakers to tell anything from chance, shape (groups, groups)."""
        sizes, place = np.unique(self.voices, return_inverse=True)
        enough = [[_enough([int(one), int(other)]) for other in sizes] for one in sizes]
        return ~np.array(enough, dtype=np.bool_)[place[:, None], place[None, :]]

    @cached_property
    def owners(self) -> Ints:
        """Group of each unit in each dealing, shape (dealings, units); drawn by Philox, the same on every machine."""
        return self._dealt_among(np.ones(len(self.groups), dtype=np.bool_))

    @cached_property
    def owners_of_many(self) -> Ints:
        """The same, except that groups with too few speakers for any pair keep their own."""
        others = ~np.eye(len(self.groups), dtype=np.bool_)
        return self._dealt_among(np.asarray(np.any(others & ~self.few, axis=0)))

    def _dealt_among(self, groups: NDArray[np.bool_]) -> Ints:
        moved = groups[self.group]
        drawn = generator("chance").bit_generator.random_raw(DEALS * self.group.size).reshape(DEALS, -1)[:, moved]
        owners = np.tile(self.group, (DEALS, 1))
        owners[:, moved] = self.group[moved][np.argsort(drawn, axis=1, kind="stable")]
        return owners


def _enough(sizes: list[int]) -> bool:
    """Whether units can be dealt to groups of these sizes in enough ways that differ by more than the groups' names."""
    alike = [sizes.count(size) for size in set(sizes)]
    ways = math.lgamma(sum(sizes) + 1) - sum(math.lgamma(size + 1) for size in sizes)
    return len(sizes) > 1 and ways - sum(math.lgamma(n + 1) for n in alike) >= math.log(FEWEST_WAYS) - 1e-9


def dealing_of(frame: "polars.DataFrame") -> Dealing:
    """How the speakers of some rows can be dealt.

    Args:
        frame: Rows with ``group``, ``speaker`` (null: unknown, so that each row stands for itself) and ``id``.
    """
    import polars

    own = polars.when(polars.col("speaker").is_null()).then("id").alias("_own")
    named = frame.select("group", "speaker", own)
    dealing = _dealt(named, by_speaker=True)
    if dealing.known:
        return dealing
    return replace(_dealt(frame.select("group", "id"), by_speaker=False), speakers=dealing.sizes)


def undealt(frame: "polars.DataFrame") -> Dealing:
    """Groups of rows that are not dealt anew.

    Args:
        frame: Rows with ``group``.
    """
    return _dealt(frame.select("group"), by_speaker=False)


def distinct_numbers(frame: "polars.DataFrame") -> Ints:
    """A number from 0 for each row; rows that are equal in all columns share one."""
    import polars

    kinds = frame.unique().sort(polars.all(), nulls_last=True).with_row_index("_number")
    joined = frame.join(kinds, on=frame.columns, how="left", nulls_equal=True, maintain_order="left")
    return joined["_number"].cast(polars.Int64).to_numpy()


def _dealt(named: "polars.DataFrame", by_speaker: bool) -> Dealing:
    """A dealing whose units are the distinct rows of a table, of which the first column is the group."""
    import polars

    unit = distinct_numbers(named)
    units = named.unique().sort(polars.all(), nulls_last=True)
    groups = units["group"].unique().sort()
    group = units["group"].replace_strict(groups, list(range(groups.len())), return_dtype=polars.Int64).to_numpy()
    most = max(4, MOST_UNITS // max(1, groups.len()))
    if np.bincount(group).max(initial=0) > most:
        names = units.select(polars.concat_str(polars.all().fill_null(""), separator="\0")).to_series().to_list()
        place = polars.Series(ranks(names, "bundle"), dtype=polars.String).rank("ordinal").to_numpy() % most
        bundle, part = np.unique(group * most + place, return_inverse=True)
        unit, group = part[unit], bundle // most
    return Dealing(tuple(groups.to_list()), unit, group, by_speaker)


class Counted(Protocol):
    """Something that rows have, summed up by unit."""

    weight: Floats
    """Rows of each unit, shape (units,)."""
    cells: int
    """How many numbers are held for one group in one dealing."""

    def between(self, owners: Ints, groups: int) -> Floats:
        """Differences of all pairs of groups, shape (dealings, groups, groups); 0 to a group without rows.

        Args:
            owners: Group of each unit in each dealing, shape (dealings, units).
            groups: How many there are.
        """


class Means:
    """A number for each row: groups differ in their means, in units of the root of their mean variance.

    Args:
        dealing: Units of the rows.
        values: The numbers, shape (rows,); NaN where not known.
        ddof: 1 if rows are a sample of something larger, 0 if they are all there is.

    Reference: Austin (2009), Statistics in Medicine 28:3083. A group of one row has the spread of the others.
    """

    cells = 4

    def __init__(self, dealing: Dealing, values: Floats, ddof: int) -> None:
        known = np.isfinite(values)
        unit, found = dealing.unit[known], values[known]
        order = np.lexsort((found, unit))  # so that the order of rows does not change a last digit
        unit, found = unit[order], found[order]
        self.ddof = ddof
        self.origin = math.fsum(found) / max(found.size, 1)
        self.grain = RESOLUTION * max(1.0, float(np.abs(found).max(initial=0.0)))
        away = found - self.origin
        away[np.abs(away) < self.grain] = 0.0
        size = dealing.group.size
        self.weight = np.bincount(unit, minlength=size).astype(np.float64)
        self.sums = np.bincount(unit, away, size).astype(np.float64)
        self.squares = np.bincount(unit, away * away, size).astype(np.float64)

    def moments(self, owners: Ints, groups: int) -> tuple[Floats, Floats, Floats]:
        """Numbers of rows, means and variances of the groups, shapes (dealings, groups); NaN for the mean of none."""
        count, sums, squares = (_dealt_sums(owners, part, groups) for part in (self.weight, self.sums, self.squares))
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums / count
            variance = np.maximum(squares - sums * mean, 0.0) / np.maximum(count - self.ddof, 1.0)
        several = count > 1
        inside, rows = np.where(several, count * variance, 0.0), np.where(several, count, 0.0)
        within = np.sum(inside, axis=1) / np.maximum(np.sum(rows, axis=1), 1.0)
        return count, mean + self.origin, np.where(several, variance, within[:, None])

    def between(self, owners: Ints, groups: int) -> Floats:
        """Standardised differences; infinite where means differ and nothing spreads."""
        _, mean, variance = self.moments(owners, groups)
        away = np.abs(mean[:, :, None] - mean[:, None, :])
        spread = np.sqrt((variance[:, :, None] + variance[:, None, :]) / 2)
        return standardised(away, spread, self.grain)


class Shares:
    """A value for each row: groups differ in the total variation distance between their distributions.

    Args:
        dealing: Units of the rows.
        values: Values as numbers from 0, shape (rows,).
    """

    def __init__(self, dealing: Dealing, values: Ints) -> None:
        self.cells = int(values.max(initial=0)) + 1
        cell, self.count = np.unique(dealing.unit * self.cells + values, return_counts=True)
        self.unit, self.value = cell // self.cells, cell % self.cells
        self.weight = np.bincount(dealing.unit, minlength=dealing.group.size).astype(np.float64)

    def counts(self, owners: Ints, groups: int) -> Ints:
        """Number of rows with each value, shape (dealings, groups, values)."""
        place = np.arange(len(owners))[:, None] * groups + owners[:, self.unit]
        cell = (place * self.cells + self.value).ravel()
        rows = np.bincount(cell, np.tile(self.count, len(owners)), len(owners) * groups * self.cells)
        return np.rint(rows).astype(np.int64).reshape(len(owners), groups, self.cells)

    def between(self, owners: Ints, groups: int) -> Floats:
        """Half the sum of the absolute differences of shares, in integers up to the one division."""
        counts = self.counts(owners, groups)
        total = counts.sum(axis=2)
        found = np.zeros((len(owners), groups, groups))
        for one, other in itertools.combinations(range(groups), 2):
            away = counts[:, one] * total[:, other, None] - counts[:, other] * total[:, one, None]
            share = np.abs(away).sum(axis=1) / np.maximum(2 * total[:, one] * total[:, other], 1)
            found[:, one, other] = found[:, other, one] = share
        return found


def _dealt_sums(owners: Ints, part: Floats, groups: int) -> Floats:
    """Sums over the units of each group, by dealing, shape (dealings, groups)."""
    cell = (np.arange(len(owners))[:, None] * groups + owners).ravel()
    sums = np.bincount(cell, np.tile(part, len(owners)), len(owners) * groups)
    return np.asarray(sums, dtype=np.float64).reshape(len(owners), groups)


def standardised(away: Floats, spread: Floats, grain: float) -> Floats:
    """A difference divided by a spread: 0 for equal numbers, whatever their spread; infinite where nothing spreads.

    Args:
        away: Differences; NaN counts as no difference.
        spread: Standard deviations.
        grain: Anything smaller is rounding.

    Example:
        >>> standardised(np.array([0.5, 1e-16, 2.0]), np.array([1.0, 0.0, 1e-16]), 1e-9).tolist()
        [0.5, 0.0, inf]
    """
    found = np.where(spread > grain, away / np.maximum(spread, grain), np.inf)
    return np.where(away > grain, found, 0.0)


def multinomial_difference(one: Ints, other: Ints) -> float:
    """Standardised difference of two distributions over the same values; infinite where they share none.

    With shares T and C, it is sqrt((T - C)' S^-1 (T - C)), where S is the mean of the two covariance matrices; for two
    values it is the standardised difference of proportions. S^-1 is the pseudo-inverse over all values, which gives the
    same as the inverse over all values but one.

    Args:
        one: Number of rows with each value, shape (values,).
        other: The same for the other group.

    Reference: Yang and Dalton (2012), A unified approach to measuring the effect size between two groups using SAS,
    SAS Global Forum 2012, paper 335.

    Example:
        >>> round(multinomial_difference(np.array([3, 1]), np.array([1, 1])), 4)
        0.5345
        >>> multinomial_difference(np.array([3, 0]), np.array([0, 2]))
        inf
    """
    met = (one + other) > 0
    shares = [counts[met] / max(int(counts.sum()), 1) for counts in (one, other)]
    mean = sum(np.diag(share) - share[:, None] * share[None, :] for share in shares) / 2
    spread, axes = np.linalg.eigh(mean)
    along = (axes * (shares[0] - shares[1])[:, None]).sum(axis=0)
    free = spread > RESOLUTION
    if np.any(np.abs(along[~free]) > RESOLUTION):
        return math.inf
    return round(math.sqrt(float(np.sum(along[free] ** 2 / spread[free]))), 9)


@dataclass(frozen=True)
class Apart:
    """How far groups are from one another in a variable.

    Attributes:
        groups: Names, sorted.
        found: Differences of pairs, shape (groups, groups).
        chance: For each pair, what chance alone exceeds in 5 % of cases, or as asked; None where not known.
    """

    groups: tuple[str, ...]
    found: Floats
    chance: Floats | None

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Pairs that are further apart than they should be and than chance explains, shape (groups, groups)."""
        wide = self.found > NOTICEABLE
        return wide if self.chance is None else wide & (self.found > self.chance + RESOLUTION)

    def furthest(self, group: int) -> int:
        """The group that is furthest from a given one, among those that are clearly apart from it if there are any."""
        others = self.clear[group] if self.clear[group].any() else np.arange(len(self.groups)) != group
        return int(np.argmax(np.where(others, self.found[group], -1.0)))


def apart(dealing: Dealing, variable: Counted, chance: bool = True, few: bool = True, beyond: float = BEYOND) -> Apart:
    """Differences between groups, and those that chance alone would make.

    Args:
        dealing: Groups, and the units that can be dealt anew.
        variable: What they may differ in.
        chance: Whether to find out what chance alone does.
        few: Whether pairs of groups with few speakers are judged by chance, too.
        beyond: Share of dealings that exceed what is attributed to chance.

    Example:
        >>> import polars
        >>> rows = {"group": ["a"] * 8 + ["b"] * 8, "speaker": [str(n) for n in range(16)], "id": list(range(16))}
        >>> dealt = dealing_of(polars.DataFrame(rows))
        >>> found = apart(dealt, Shares(dealt, np.arange(16) // 4 % 2))
        >>> float(found.found[0, 1]), bool(found.clear.any())
        (0.0, False)
    """
    groups, as_is = len(dealing.groups), dealing.group[None, :]
    found = variable.between(as_is, groups)[0]
    if not chance or not dealing.known:
        return Apart(dealing.groups, found, None)
    scale = _scale(as_is, variable.weight, groups)[0]
    asked, dealt = (True, dealing.owners) if few else (~dealing.few, dealing.owners_of_many)
    largest = [np.max(found / scale, where=asked, initial=0.0, keepdims=True).ravel()]
    deals = DEALS if groups * groups // 2 * variable.cells <= MANY_PAIRS else FEWER_DEALS
    at_once = max(1, MOST_NUMBERS // (max(variable.cells, groups) * groups + dealing.group.size))
    for start in range(0, deals, at_once):
        owners = dealt[start : min(start + at_once, deals)]
        away = variable.between(owners, groups) / _scale(owners, variable.weight, groups)
        largest.append(np.max(away, axis=(1, 2), where=asked, initial=0.0))
    usual = np.sort(np.concatenate(largest))
    return Apart(dealing.groups, found, usual[math.ceil((1 - beyond) * usual.size) - 1] * scale)


def _scale(owners: Ints, weight: Floats, groups: int) -> Floats:
    """Expected effect of chance on a pair, up to a factor: sqrt(1/k + 1/l); 1 for groups without rows."""
    total, squares = _dealt_sums(owners, weight, groups), _dealt_sums(owners, weight * weight, groups)
    few = np.where(total > 0, squares / np.maximum(total * total, 1.0), 0.5)
    return np.asarray(np.sqrt(few[:, :, None] + few[:, None, :]))
