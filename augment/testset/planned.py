"""The plan of a finished test set, as its file tells it."""

from typing import TYPE_CHECKING, Any

from augment.columns import PLANNED, ROW
from augment.design.plan import plan_columns
from augment.errors import Fault, TestSetError
from augment.files.location import Location
from augment.files.parquet import parse_parquet
from augment.testset.outgoing import WITHHELD

if TYPE_CHECKING:
    import polars

MAY_BE_EMPTY = ("speaker", *WITHHELD)
"""Columns of text in which cells may be empty."""
OTHERS = set(plan_columns((), ())) - {*MAY_BE_EMPTY}
KINDS = {column.name: int if column.kind is int else str for column in (*ROW, *PLANNED) if column.name in OTHERS}
"""Columns of whole numbers and of text in which every cell is filled; factors and labels are a recipe's own."""


def read_plan(data: bytes, place: Location) -> dict[str, dict[str, Any]]:
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
    return {row["audio_filepath"]: row for row in frame.rows(named=True)}


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
