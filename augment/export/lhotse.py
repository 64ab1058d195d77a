"""Lhotse manifests: recordings, supervisions and cuts.

Reference: Lhotse's documentation, "Recording manifest", "Supervision manifest", "Cuts".
"""

from collections.abc import Iterator

from augment.formats.lhotse_records import PLAIN, cut, packed_lines, recording, supervision
from augment.testset.reading import Finished

ABOUT = "recordings, supervisions and cuts for Lhotse; start from the test set's folder: paths start there"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``recordings.jsonl.gz``, ``supervisions.jsonl.gz``, ``cuts.jsonl.gz``."""
    held = [
        (row, finished.others(row, PLAIN), {"type": "file", "source": row["audio_filepath"]}) for row in finished.rows
    ]
    yield "recordings.jsonl.gz", packed_lines(recording(row, source) for row, _, source in held)
    yield "supervisions.jsonl.gz", packed_lines(supervision(row, custom) for row, custom, _ in held)
    yield "cuts.jsonl.gz", packed_lines(cut(row, custom, source) for row, custom, source in held)
