"""ESPnet data directory: Kaldi's tables, and ``utt2category``, by which ESPnet can break down results."""

import re
from collections.abc import Iterator

from augment.formats.kaldi_tables import common_tables, kaldi_names, table
from augment.testset.reading import Finished

ABOUT = "data directory for ESPnet; start from the test set's folder: wav.scp has paths from there"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """Kaldi's tables; the category is group and condition joined into one word."""
    names = kaldi_names(finished.rows)
    yield from common_tables(finished, names).items()
    said = {names.utterance[row["id"]]: f"{row['group']}__{row['condition']}" for row in finished.rows}
    yield "utt2category", table({key: re.sub(r"\s+", "_", category) for key, category in said.items()})
