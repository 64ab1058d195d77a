"""ESPnet data directory: Kaldi's tables, and ``utt2category``, by which ESPnet can break down results."""

import re
from collections.abc import Iterator

from augment.files.content import Content
from augment.formats.kaldi_tables import tables_of
from augment.testset.reading import Finished, Row

ABOUT = "data directory for ESPnet; start from the test set's folder: wav.scp has paths from there"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """Kaldi's tables; the category is group and condition joined into one word."""
    return tables_of(finished, {"utt2category": _category})


def _category(row: Row) -> str:
    return re.sub(r"\s+", "_", f"{row['group']}__{row['condition']}")
