"""ESPnet data directory: Kaldi's tables, and ``utt2category``, by which it can tell results apart."""

from collections.abc import Iterator

from augment.formats.kaldi_tables import common_tables, kaldi_names, table
from augment.testset.finished import Finished

ABOUT = "data directory for ESPnet; start from the test set's folder: wav.scp has paths from there"
EXTRA = None


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``; the category is group and condition."""
    names = kaldi_names(finished.rows)
    yield from common_tables(finished, names).items()
    categories = {
        names.utterance[row["id"]]: f"{row['group'].replace(' ', '_')}__{row['condition']}" for row in finished.rows
    }
    yield "utt2category", table(categories)
