"""The plan of a finished test set, as its file tells it."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import Fault, TestSetError

if TYPE_CHECKING:
    import polars

KINDS = {
    "audio_filepath": str, "utterance": str, "group": str, "condition": str, "dealt": str, "key": str, "block": int,
    "samples": int, "source_level_dbov": str,
}  # fmt: skip
"""Columns without which no item can be made again, and what stands in each of their cells."""
MAY_BE_EMPTY = ("source_audio", "source_offset", "source_duration", "source_sha256")


def read_plan(data: bytes, place: Path) -> dict[str, dict[str, Any]]:
    """Rows of a plan by their ``audio_filepath``.

    Args:
        data: A Parquet file.
        place: Where it stands.

    Raises:
        TestSetError: It cannot be read, or is no plan.
    """
    import polars

    try:
        rows = _frame(data).rows(named=True)
    except (OSError, ValueError, KeyError, polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        # PanicException is no Exception: flipped bits of a Parquet file raise it.
        raise TestSetError(Fault(str(place), f"cannot be read: {error}", "build the test set again")) from None
    return {row["audio_filepath"]: row for row in rows}


def _frame(data: bytes) -> "polars.DataFrame":
    import polars

    frame = polars.read_parquet(io.BytesIO(data))
    for name in (name for name in (*KINDS, *MAY_BE_EMPTY) if name not in frame.columns):
        raise ValueError(f"it has no column '{name}'")
    for name, kind in KINDS.items():
        fits = frame[name].dtype == polars.String if kind is str else frame[name].dtype.is_integer()
        if not fits or frame[name].null_count():
            raise ValueError(f"the column '{name}' has empty cells or another kind")
    twice = frame.filter(frame["audio_filepath"].is_duplicated())["audio_filepath"]
    if len(twice):
        raise ValueError(f"'{twice[0]}' stands in more than one row")
    return frame
