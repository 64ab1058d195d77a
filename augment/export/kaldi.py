"""Kaldi data directory, and one table ``utt2COLUMN`` for each label, factor and SNR.

Reference: Kaldi's documentation, "Data preparation".
"""

import re
from collections.abc import Iterator

from augment.formats.kaldi_tables import column_table, common_tables, kaldi_names, table
from augment.testset.finished import Finished

ABOUT = "data directory for Kaldi, icefall and k2; start from the test set's folder: wav.scp has paths from there"
EXTRA = None
MORE = ("group", "condition", "block", "utterance", "snr_requested_db", "snr_db", "licence")
GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f"}


def files(finished: Finished) -> Iterator[tuple[str, bytes]]:
    """``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``, ``utt2dur``, ``spk2gender`` if it is known of all, and more.

    Speakers' names that are no keys are changed; ``spk2name`` has them as they were, ``utt2id`` the ids of the items.
    """
    names = kaldi_names(finished.rows)
    yield from common_tables(finished, names).items()
    yield "utt2dur", column_table(finished, names, "duration")
    yield "utt2id", column_table(finished, names, "id")
    yield "spk2name", table({key: name for name, key in names.speaker.items() if name is not None})
    genders = {names.speaker[row["speaker"]]: GENDERS.get(str(row.get("gender")).lower()) for row in finished.rows}
    if all(genders.values()):
        yield "spk2gender", table(genders)
    for column in dict.fromkeys((*MORE, *finished.labels, *finished.factors)):
        name = f"utt2{re.sub(r'[^A-Za-z0-9_]+', '_', column)}"
        if column in finished.columns and column != "id":
            yield name, column_table(finished, names, column)
