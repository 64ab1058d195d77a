"""The manifest as CSV, for spreadsheets and data frames."""

import csv
import io
from collections.abc import Sequence
from typing import Any

FILE = "manifest.csv"


def export(rows: Sequence[dict[str, Any]]) -> bytes:
    r"""CSV with a header; text as it is, empty cells for what a row does not have.

    Example:
        >>> export([{"id": "a", "text": "yes, no", "snr_db": None}])
        b'id,text,snr_db\r\na,"yes, no",\r\n'
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["id"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
