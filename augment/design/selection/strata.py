"""Strata: the utterances of every group, counted by speaker and by cell of the matched variables."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars

Counts = NDArray[np.int64]

BINS_PER_OCTAVE = 2
"""Durations are matched in bins half an octave wide, with fixed edges that no other group can move."""


@dataclass(frozen=True)
class Strata:
    """The utterances of one group.

    Attributes:
        group: Its name.
        speakers: Their names, in the seeded order in which they are asked.
        speaker: Speaker of each stratum, shape (e,).
        cell: Cell of each stratum, shape (e,).
        count: Utterances in each stratum, shape (e,).
    """

    group: str
    speakers: tuple[str, ...]
    speaker: Counts
    cell: Counts
    count: Counts

    @property
    def total(self) -> int:
        """Utterances of the group."""
        return int(self.count.sum())

    def available(self, cells: int) -> Counts:
        """Utterances in each cell, shape (cells,)."""
        found = np.zeros(cells, dtype=np.int64)
        np.add.at(found, self.cell, self.count)
        return found

    def merged(self) -> "Strata":
        """The same utterances in a single cell, for when nothing is matched after all."""
        each = np.bincount(self.speaker, weights=self.count, minlength=len(self.speakers)).astype(np.int64)
        everybody = np.arange(len(self.speakers))
        return Strata(self.group, self.speakers, everybody, np.zeros_like(everybody), each)

    def room(self, chosen: NDArray[np.bool_], per_speaker: int) -> int:
        """How many utterances some cells can give if nobody exceeds a limit.

        Args:
            chosen: Which cells, shape (cells,).
            per_speaker: Most utterances of one speaker.
        """
        each = np.zeros(len(self.speakers), dtype=np.int64)
        inside = chosen[self.cell]
        np.add.at(each, self.speaker[inside], self.count[inside])
        return int(np.minimum(each, per_speaker).sum())


@dataclass(frozen=True)
class Grid:
    """The matched variables and their cells.

    Attributes:
        variables: Names of the variables, in the recipe's order.
        values: Values of each variable, sorted.
        cells: Combinations of values that occur, as indices, shape (cells, variables).
    """

    variables: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    cells: Counts

    def members(self, variable: int, value: int) -> NDArray[np.bool_]:
        """Which cells have a given value of a variable, shape (cells,)."""
        return np.asarray(self.cells[:, variable] == value)


def duration_bin(duration_s: float) -> int:
    """The half octave in which a duration lies: 0 for 1 s up to just below 1.41 s.

    Example:
        >>> duration_bin(1.0), duration_bin(1.5), duration_bin(0.9)
        (0, 1, -1)
    """
    return math.floor(BINS_PER_OCTAVE * math.log2(max(duration_s, 1e-3)))


def bin_name(number: int) -> str:
    """A duration bin in readable form.

    Example:
        >>> bin_name(0), bin_name(3)
        ('1.00-1.41 s', '2.83-4.00 s')
    """
    return f"{2 ** (number / BINS_PER_OCTAVE):.2f}-{2 ** ((number + 1) / BINS_PER_OCTAVE):.2f} s"


def strata_of(frame: "polars.DataFrame", variables: tuple[str, ...]) -> tuple[Grid, tuple[Strata, ...]]:
    """Count the rows of a corpus.

    Args:
        frame: Rows with ``group``, ``speaker``, ``voice`` (place of the speaker in the seeded order) and a text column
            ``match:...`` for each matched variable.
        variables: Names of the matched variables.

    Returns:
        The grid of cells, and the strata of each group, groups sorted by name.
    """
    import polars

    names = [match_column(variable) for variable in variables]
    values = tuple(tuple(sorted(frame[name].unique().to_list(), key=_natural)) for name in names)
    place = [{value: index for index, value in enumerate(some)} for some in values]
    cells = sorted(tuple(p[v] for p, v in zip(place, row, strict=True)) for row in frame.select(names).unique().rows())
    if not names:
        cells = [()]
    number = {cell: index for index, cell in enumerate(cells)}
    counted = frame.group_by("group", "voice", "speaker", *names).len().sort("group", "voice", *names)
    found: list[Strata] = []
    for (group,), rows in counted.partition_by("group", as_dict=True, maintain_order=True).items():
        speakers = rows.unique("speaker", maintain_order=True)["speaker"].to_list()
        index = {speaker: turn for turn, speaker in enumerate(speakers)}
        keys = [tuple(p[v] for p, v in zip(place, row, strict=True)) for row in rows.select(names).rows()]
        cell = [number[key] for key in keys] if names else [0] * rows.height
        found.append(
            Strata(
                str(group),
                tuple(speakers),
                np.array([index[speaker] for speaker in rows["speaker"]], dtype=np.int64),
                np.array(cell, dtype=np.int64),
                rows["len"].cast(polars.Int64).to_numpy(),
            )
        )
    grid = Grid(variables, values, np.array(cells, dtype=np.int64).reshape(len(cells), len(names)))
    return grid, tuple(found)


def match_column(variable: str) -> str:
    """Name of the column that holds a matched variable as text.

    Example:
        >>> match_column("gender")
        'match:gender'
    """
    return f"match:{variable}"


def _natural(value: str) -> tuple[int, float, str]:
    """Sort key: numbers, such as those of duration bins, by size; anything else, even "nan", by spelling.

    Example:
        >>> sorted(["nan", "10", "9", "inf"], key=_natural)
        ['9', '10', 'inf', 'nan']
    """
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    return (0, number, value) if math.isfinite(number) else (1, 0.0, value)


def rounded_shares(shares: list[Fraction], utterances: int) -> list[int]:
    """Whole numbers in given proportions, by the method of largest remainders; ties go to the earlier one.

    Example:
        >>> rounded_shares([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], 10)
        [5, 3, 2]
    """
    exact = [share * utterances for share in shares]
    whole = [math.floor(value) for value in exact]
    order = sorted(range(len(shares)), key=lambda i: (whole[i] - exact[i], i))
    for index in order[: utterances - sum(whole)]:
        whole[index] += 1
    return whole


def natural_shares(
    grid: Grid, strata: tuple[Strata, ...], variable: int, given: dict[str, dict[str, float]]
) -> list[Fraction]:
    """The shares that a variable's values should have in every group: the recipe's, or the mean over the groups."""
    name = grid.variables[variable]
    if name in given:
        listed = [Fraction(str(given[name].get(value, 0))) for value in grid.values[variable]]
        return [share / (sum(listed) or 1) for share in listed]
    found = [Fraction(0)] * len(grid.values[variable])
    for group in strata:
        available = group.available(len(grid.cells))
        for value in range(len(found)):
            share = Fraction(int(available[grid.members(variable, value)].sum()), group.total)
            found[value] += share / len(strata)
    return found
