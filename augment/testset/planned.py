"""The plan of a finished test set, as its file tells it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from augment.columns import PLANNED, ROW
from augment.design.items import Items
from augment.design.plan import plan_columns
from augment.errors import Fault, TestSetError
from augment.files.json_rows import Row
from augment.files.location import Location
from augment.files.parquet import parse_parquet
from augment.sequences import MadeSequence
from augment.testset.by_name import ByName, NameIndex
from augment.testset.outgoing import WITHHELD

if TYPE_CHECKING:
    import polars

AT_ONCE = 4096
"""Rows that are made of a table at the same time."""
MAY_BE_EMPTY = ("speaker", *WITHHELD)
"""Columns of text in which cells may be empty."""
OTHERS = set(plan_columns((), ())) - {*MAY_BE_EMPTY}
KINDS = {column.name: int if column.kind is int else str for column in (*ROW, *PLANNED) if column.name in OTHERS}
"""Columns of whole numbers and of text in which every cell is filled; factors and labels are a recipe's own."""


class FrameRows(MadeSequence[Row]):
    """Rows of a table, made while they are read: some thousands are held.

    Args:
        frame: The table.

    Example:
        >>> import polars
        >>> rows = FrameRows(polars.DataFrame({"a": [1, 2, 3]}))
        >>> list(rows), rows[1], rows[1:]
        ([{'a': 1}, {'a': 2}, {'a': 3}], {'a': 2}, [{'a': 2}, {'a': 3}])
    """

    def __init__(self, frame: "polars.DataFrame") -> None:
        self.frame = frame
        self._first, self._held = 0, list[Row]()

    def __len__(self) -> int:
        return self.frame.height

    def between(self, first: int, last: int) -> Iterator[Row]:
        for some in self.frame.slice(first, last - first).iter_slices(AT_ONCE):
            yield from some.rows(named=True)

    def at(self, number: int) -> Row:
        if not self._first <= number < self._first + len(self._held):
            if number != self._first + len(self._held):  # asked for by itself
                return self.frame.row(number, named=True)
            self._first, self._held = number, self.frame.slice(number, AT_ONCE).rows(named=True)
        return self._held[number - self._first]


class ItemRows(MadeSequence[Row]):
    """Items of a plan as rows, made while they are read.

    Args:
        table: The items.
    """

    def __init__(self, table: Items) -> None:
        self._table = table

    def __len__(self) -> int:
        return self._table.height

    def __iter__(self) -> Iterator[Row]:
        for some in self._table.slices():
            yield from some.iter_rows(named=True)

    def at(self, number: int) -> Row:
        utterance, turn = divmod(number, self._table.schedule.each)
        return self._table.of_rows([utterance]).row(turn, named=True)


class PlannedRows(ByName):
    """Rows of a plan by their ``audio_filepath``.

    Args:
        frame: Items of a plan, each once.
    """

    def __init__(self, frame: "polars.DataFrame") -> None:
        super().__init__(FrameRows(frame), NameIndex(frame["audio_filepath"]))
        self.frame = frame


def read_plan(data: bytes, place: Location) -> PlannedRows:
    """Rows of a plan by their ``audio_filepath``.

    Args:
        data: A Parquet file.
        place: Where it stands.

    Raises:
        TestSetError: It cannot be read, or is no plan.
    """
    frame = parse_parquet(data, place, TestSetError)
    try:
        _refuse_odd(frame)
    except ValueError as error:
        raise TestSetError(Fault(str(place), f"cannot be read: {error}", "build the test set again")) from None
    return PlannedRows(frame)


def _refuse_odd(frame: "polars.DataFrame") -> None:
    import polars

    for name in (name for name in (*KINDS, *MAY_BE_EMPTY) if name not in frame.columns):
        raise ValueError(f"it has no column '{name}'")
    for name, kind in KINDS.items():
        fits = frame[name].dtype == polars.String if kind is str else frame[name].dtype.is_integer()
        if not fits or frame[name].null_count():
            raise ValueError(f"the column '{name}' has empty cells or another kind")
    for name in MAY_BE_EMPTY:
        if frame[name].dtype not in (polars.String, polars.Null):
            raise ValueError(f"the column '{name}' is of another kind than text")
    twice = frame.filter(frame["audio_filepath"].is_duplicated())["audio_filepath"]
    if len(twice):
        raise ValueError(f"'{twice[0]}' stands in more than one row")
