"""What data sheet, page and descriptions say of the rows of a manifest, which are read once for all of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.design.conditions import Condition, reference_condition
from augment.recipe.loader import LoadedRecipe
from augment.report.croissant import Table, TableTally
from augment.report.frames import Measured, MeasuredTally
from augment.report.listening.choice import Grid, GridTally
from augment.report.pictures.evenness import ExposureTally
from augment.report.pictures.grid import Cells, CellsTally
from augment.testset.softer import Softer, SofterTally


@dataclass(frozen=True, eq=False)
class ToldByRows:
    """What rows of a manifest say together.

    Attributes:
        items: How many there are.
        measured: What was measured in each condition.
        softer: What was made softer against clipping.
        cells: Of the grid.
        exposure: For each noise step, how many segments are heard by how many blocks.
        shown: What of it a page lets one listen to; None without rows.
        table: Columns of the manifest, and settings of its conditions.
    """

    items: int
    measured: Measured
    softer: Softer
    cells: Cells
    exposure: Mapping[str, Counter[int]]
    shown: Grid | None
    table: Table

    @classmethod
    def of(
        cls, rows: Sequence[Mapping[str, Any]], conditions: Sequence[Condition], loaded: LoadedRecipe
    ) -> "ToldByRows":
        """Read the rows of a manifest, once.

        Args:
            rows: The rows.
            conditions: Columns of the grid, in order.
            loaded: The recipe.

        Raises:
            KeyError: A row is of none of the conditions.
        """
        names = {condition.name: condition for condition in conditions}
        measured, softer, cells, exposure = MeasuredTally(), SofterTally(), CellsTally(), ExposureTally()
        shown, table = (
            GridTally(conditions, reference_condition(conditions, loaded)),
            TableTally(tuple(loaded.settings)),
        )
        for number, row in enumerate(rows):
            names[row["condition"]]
            for tally in (measured, softer, cells, exposure, table):
                tally.take(row)
            shown.take(number, row)
        return cls(
            len(rows), measured.found(names), softer.found, cells.found(names), exposure.found,
            shown.found(rows) if rows else None, table.found,
        )  # fmt: skip

    @property
    def present(self) -> dict[tuple[str, str], int]:
        """How many items there are by condition and group."""
        return {place: cell.items for place, cell in self.cells.cells.items()}
