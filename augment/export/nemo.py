"""NeMo manifest: JSON Lines; audio paths are relative to its own folder, where NeMo looks for them."""

from collections.abc import Iterator

from augment.files.json_text import json_lines
from augment.testset.reading import Finished

ABOUT = "JSON Lines for NeMo and its Speech Data Explorer; audio paths start from nemo/"
EXTRA = None
OWN = ("audio_filename", "sampling_rate", "_skipme", "token_labels")
"""NeMo prefers the first to ``audio_filepath``, takes the second for a rate in Hz, and skips rows by the third."""


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``manifest.jsonl``: every column, the same keys in every row."""
    rows = (finished.others(row, (), OWN) for row in finished.rows)
    yield "manifest.jsonl", json_lines({**row, "audio_filepath": f"../{row['audio_filepath']}"} for row in rows)
