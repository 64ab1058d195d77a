"""What a test set holds, and what was measured in it, as tables of numbers: text and pages are made of these."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, eq=False)
class Coverage:
    """The grid: how many files each cell has, and how many it was to have.

    Attributes:
        made: One row for each condition, ``condition`` and a column for each group: files that are there.
        planned: The same shape: files that were planned.
        groups: The groups, in order. A group that is called ``condition`` has the column ``label_condition``.

    Example:
        >>> cells = [("a1", "fan", "a"), ("a2", "fan", "a"), ("b1", "fan", "b")]
        >>> coverage = Coverage.of(cells, ["a1", "b1"], ["fan"], "ab")
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
        cells: Iterable[tuple[str, str, str]],
        made: Iterable[str],
        conditions: Sequence[str],
        groups: Sequence[str],
    ) -> "Coverage":
        """From what was planned and what is there.

        Args:
            cells: ``audio_filepath``, condition and group of every planned item.
            made: ``audio_filepath`` of every finished item.
            conditions: In the order of the grid.
            groups: In order.
        """
        finished = set(made)
        planned: Counter[tuple[str, str]] = Counter()
        present: Counter[tuple[str, str]] = Counter()
        for name, condition, group in cells:
            planned[(condition, group)] += 1
            present[(condition, group)] += name in finished
        return cls(_grid(present, conditions, groups), _grid(planned, conditions, groups), tuple(groups))

    def __str__(self) -> str:
        """As text; a cell that lacks files shows ``made/planned``."""
        pairs = zip(self.made.rows(), self.planned.rows(), strict=True)
        rows = [
            [have[0], *(n if n == wanted else f"{n}/{wanted}" for n, wanted in zip(have[1:], want[1:], strict=True))]
            for have, want in pairs
        ]
        return table(["condition", *self.groups], rows)


def _grid(found: Mapping[tuple[str, str], int], conditions: Sequence[str], groups: Sequence[str]) -> "polars.DataFrame":
    import polars

    columns: dict[str, Any] = {"condition": polars.Series(conditions, dtype=polars.String)}
    for group in groups:
        counts = [found[(condition, group)] for condition in conditions]
        columns[free_name(group, ("condition",), groups)] = polars.Series(counts, dtype=polars.Int64)
    return polars.DataFrame(columns)


def measured(rows: Iterable[Mapping[str, Any]]) -> "polars.DataFrame":
    """What was measured in each condition, over all groups.

    Args:
        rows: Rows of the manifest, in the order of the grid.

    Returns:
        One row for each condition: ``condition``, ``files``, the mean of each of :data:`QUANTITIES`, ``made_softer``
        (files in which a mix that would have clipped was made softer), and for each quantity its smallest and largest
        value in ``..._min`` and ``..._max``. Nothing where nothing was measured. Levels of several noises in dB(A) are
        those of all together, added as powers.

    Example:
        >>> row = {"condition": "fan", "snr_db": 5.0, "headroom_gain_db": -0.3}
        >>> found = measured([row, {**row, "snr_db": 6.0, "headroom_gain_db": 0.0}])
        >>> found.select("condition", "files", "snr_db", "snr_db_min", "made_softer", "loudness_lufs").rows()
        [('fan', 2, 5.5, 5.0, 1, None)]
    """
    import polars

    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["condition"], []).append(row)
    of_noises = sorted(of_all_steps(ALL_NOISES, next((row for some in found.values() for row in some), ())))
    lines = []
    for name, some in found.items():
        line: dict[str, Any] = {"condition": name, "files": len(some)}
        line["made_softer"] = sum(row["headroom_gain_db"] < 0 for row in some)
        for quantity in QUANTITIES:
            seen = (_seen(row, quantity, of_noises) for row in some)
            if values := [value for value in seen if value is not None]:
                # Python's own sum: another machine's vectors would add up in another order.
                line |= {quantity: sum(values) / len(values), f"{quantity}_min": min(values)}
                line[f"{quantity}_max"] = max(values)
        lines.append(line)
    ends = [f"{quantity}_{end}" for quantity in QUANTITIES for end in ("min", "max")]
    schema = {"condition": polars.String, "files": polars.Int64, **dict.fromkeys(QUANTITIES, polars.Float64)}
    schema |= {"made_softer": polars.Int64, **dict.fromkeys(ends, polars.Float64)}
    return polars.DataFrame(lines, schema)


def _seen(row: Mapping[str, Any], column: str, of_noises: Sequence[str]) -> float | None:
    """A value of an item; for noises in dB(A), the level of all of them together, added as powers."""
    if column != ALL_NOISES:
        value: float | None = row.get(column)
        return value
    levels = [row[name] for name in of_noises if row[name] is not None]
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels)) if levels else None
