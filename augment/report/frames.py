"""What a test set holds, and what was measured in it, as tables of numbers: text and pages are made of these."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.columns import of_all_steps
from augment.corpus.foreign_tables import free_name
from augment.report.text import table

if TYPE_CHECKING:
    import polars

IN_AIR = {"speech_level_dbspl": "speech dB SPL", "noise_level_dba": "noise dB(A)"}
"""Only recipes that say how loud the speech is have these."""
QUANTITIES = {
    "snr_requested_db": "SNR asked",
    "snr_db": "SNR measured",
    "snr_a_weighted_db": "A-weighted",
    "snr_delivered_db": "delivered",
    "loudness_lufs": "LUFS",
    **IN_AIR,
}
"""What is told of each condition: columns of the manifest, and what text tables call them."""
ALL_NOISES = "noise_level_dba"
Counts = Mapping[tuple[str, str], int]
"""How many items cells have, by condition and group."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """The grid: how many files each cell has, and how many it was to have.

    Attributes:
        made: One row for each condition, ``condition`` and a column for each group: files that are there.
        planned: The same shape: files that were planned.
        groups: The groups, in order. A group that is called ``condition`` has the column ``label_condition``.

    Example:
        >>> planned = {("fan", "a"): 2, ("fan", "b"): 1}
        >>> coverage = Coverage.of(planned, {("fan", "a"): 1, ("fan", "b"): 1}, ["fan"], "ab")
        >>> print(coverage)
        condition    a  b
        ---------  ---  -
        fan        1/2  1
        >>> coverage.made.rows()
        [('fan', 1, 1)]
    """

    made: "polars.DataFrame"
    planned: "polars.DataFrame"
    groups: tuple[str, ...]

    @classmethod
    def of(
        cls,
        planned: Counts,
        made: Counts,
        conditions: Sequence[str],
        groups: Sequence[str],
    ) -> "Coverage":
        """From what was planned and what is there.

        Args:
            planned: Planned items of each cell.
            made: Finished items of each cell.
            conditions: In the order of the grid.
            groups: In order.
        """
        return cls(_grid(made, conditions, groups), _grid(planned, conditions, groups), tuple(groups))

    def cells(self) -> list[list[str]]:
        """A row for each condition: its name, and its files in each group; a cell that lacks some is ``made/planned``.

        Example:
            >>> Coverage.of({("fan", "a"): 2}, {("fan", "a"): 1}, ["fan"], ["a"]).cells()
            [['fan', '1/2']]
        """
        pairs = zip(self.made.rows(), self.planned.rows(), strict=True)
        return [
            [have[0], *(str(n) if n == of else f"{n}/{of}" for n, of in zip(have[1:], want[1:], strict=True))]
            for have, want in pairs
        ]

    def __str__(self) -> str:
        """As text; a cell that lacks files shows ``made/planned``."""
        return table(["condition", *self.groups], self.cells())


def counts_of(rows: Iterable[Mapping[str, Any]]) -> Counts:
    """Items of each cell, from rows with columns ``condition`` and ``group``."""
    return Counter((row["condition"], row["group"]) for row in rows)


def _grid(found: Counts, conditions: Sequence[str], groups: Sequence[str]) -> "polars.DataFrame":
    import polars

    columns: dict[str, Any] = {"condition": polars.Series(conditions, dtype=polars.String)}
    for group in groups:
        counts = [found.get((condition, group), 0) for condition in conditions]
        columns[free_name(group, ("condition",), groups)] = polars.Series(counts, dtype=polars.Int64)
    return polars.DataFrame(columns)


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured in each condition, over all groups.

    All tables have a row for each condition and the same columns: ``condition``, ``files``, each of
    :data:`QUANTITIES`, and ``made_softer``: files in which a mix that would have clipped was made softer. A cell is
    empty where nothing was measured. Sound levels have columns only if some are known; those of several noises in
    dB(A) are of all together, added as powers.

    Attributes:
        mean: Means of the quantities.
        low: Their smallest values.
        high: Their largest values.

    Example:
        >>> row = {"condition": "fan", "snr_requested_db": 5, "snr_db": 5.0, "headroom_gain_db": -0.3}
        >>> found = Measured.of([row, {**row, "snr_db": 6.0, "headroom_gain_db": 0.0}])
        >>> found.mean["snr_db"].to_list(), found.low["snr_db"].to_list(), found.mean["made_softer"].to_list()
        ([5.5], [5.0], [1])
        >>> print(found)
        condition  SNR asked    SNR measured  A-weighted  delivered  LUFS  made softer
        ---------  ---------  --------------  ----------  ---------  ----  -----------
        fan              5.0  5.5 (5.0..6.0)           -          -     -            1
        mean (smallest..largest)
    """

    mean: "polars.DataFrame"
    low: "polars.DataFrame"
    high: "polars.DataFrame"

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "Measured":
        """From rows of the manifest, in the order of the grid."""
        tally = MeasuredTally()
        for row in rows:
            tally.take(row)
        return tally.found()

    def __str__(self) -> str:
        """As text: means, with the smallest and the largest value where these are further than a tenth apart."""
        names = [name for name in QUANTITIES if name in self.mean.columns]
        tables = zip(*(table.rows(named=True) for table in (self.mean, self.low, self.high)), strict=True)
        lines = [
            [mean["condition"], *(_spread(mean[n], low[n], high[n]) for n in names), mean["made_softer"]]
            for mean, low, high in tables
        ]
        header = ["condition", *(QUANTITIES[name] for name in names), "made softer"]
        return table(header, lines) + "\nmean (smallest..largest)"


class _Values:
    """Values of one quantity in one condition: their number, sum, smallest and largest.

    One addition after the other: another machine's vectors would add up in another order, and another Python's own sum
    corrects what it rounds.
    """

    def __init__(self) -> None:
        self.count, self.total, self.low, self.high = 0, 0.0, math.inf, -math.inf

    def take(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.low, self.high = min(self.low, value), max(self.high, value)

    @property
    def mean(self) -> float:
        return self.total / self.count


class MeasuredTally:
    """Adds up what was measured, a row at a time."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, _Values]] = {}
        self._counts: dict[str, list[int]] = {}
        self._of_noises: list[str] | None = None

    def take(self, row: Mapping[str, Any]) -> None:
        """Add a row of the manifest."""
        if self._of_noises is None:
            self._of_noises = sorted(of_all_steps(ALL_NOISES, row))
        name = row["condition"]
        values = self._values.get(name)
        if values is None:
            values = self._values[name] = {quantity: _Values() for quantity in QUANTITIES}
        counts = self._counts.setdefault(name, [0, 0])
        counts[0] += 1
        counts[1] += row["headroom_gain_db"] < 0
        for quantity, found in values.items():
            value = _seen(row, quantity, self._of_noises)
            if value is not None:
                found.take(value)

    def found(self, order: Iterable[str] | None = None) -> "Measured":
        """What all rows say.

        Args:
            order: Names of conditions, as rows of the tables stand; those of which there is nothing are left out. As
                they came if not given.
        """
        conditions = [name for name in (self._values if order is None else order) if name in self._values]
        in_air = any(values["speech_level_dbspl"].count for values in self._values.values())
        names = [name for name in QUANTITIES if in_air or name not in IN_AIR]

        def table_of(one: Callable[[_Values], float]) -> "polars.DataFrame":
            rows = []
            for condition in conditions:
                files, softer = self._counts[condition]
                found = self._values[condition]
                told = {name: one(found[name]) if found[name].count else None for name in names}
                rows.append({"condition": condition, "files": files, **told, "made_softer": softer})
            return _typed(rows, names)

        low, high = table_of(lambda values: values.low), table_of(lambda values: values.high)
        return Measured(table_of(lambda values: values.mean), low, high)


def _typed(rows: Sequence[Mapping[str, Any]], quantities: Iterable[str]) -> "polars.DataFrame":
    import polars

    kinds = {"condition": polars.String, "files": polars.Int64, **dict.fromkeys(quantities, polars.Float64)}
    return polars.DataFrame(rows, {**kinds, "made_softer": polars.Int64})


def _spread(mean: float | None, low: float, high: float) -> str:
    if mean is None:
        return "-"
    shown = [f"{round(value, 1) + 0:.1f}" for value in (mean, low, high)]
    return shown[0] if high - low < 0.1 else f"{shown[0]} ({shown[1]}..{shown[2]})"


def _seen(row: Mapping[str, Any], column: str, of_noises: Sequence[str]) -> float | None:
    """A value of an item; for noises in dB(A), the level of all of them together, added as powers."""
    if column != ALL_NOISES:
        value: float | None = row.get(column)
        return value
    levels = [row[name] for name in of_noises if row[name] is not None]
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels)) if levels else None
