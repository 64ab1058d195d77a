"""The manifest as CSV, for spreadsheets and data frames."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from augment.testset.finished import Finished

ABOUT = "one table (RFC 4180, UTF-8), all columns of the manifest; for spreadsheets and data frames"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``manifest.csv``; its audio paths start from the folder of the test set."""
    yield "manifest.csv", table(finished.rows)


def table(rows: Sequence[dict[str, Any]], quote: bool = False) -> bytes:
    r"""CSV with a header; text as it is, empty cells for what a row does not have.

    Args:
        rows: All with the same keys.
        quote: Quote every cell, for readers that pass over spaces behind a comma.

    Example:
        >>> table([{"id": "a", "text": "yes, no", "snr_db": None}])
        b'id,text,snr_db\r\na,"yes, no",\r\n'
    """
    text = io.StringIO(newline="")
    names = list(rows[0]) if rows else ["id"]
    writer = csv.DictWriter(text, names, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
