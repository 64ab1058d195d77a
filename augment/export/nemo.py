"""NeMo manifest: JSON Lines; audio paths start from its own folder, where NeMo looks for them."""

import json
from collections.abc import Iterator

from augment.testset.finished import Finished

ABOUT = "JSON Lines for NeMo and its Speech Data Explorer; audio paths start from nemo/"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``manifest.jsonl``: every column, the same keys in every row."""
    rows = ({**row, "audio_filepath": f"../{row['audio_filepath']}"} for row in finished.rows)
    yield "manifest.jsonl", "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
