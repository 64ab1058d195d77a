"""Kaldi data directory, and one table ``utt2COLUMN`` for each label, factor and SNR.

Kaldi's own programs do not read FLAC: build with ``output: {format: wav}`` for them. Its scripts refuse texts with the
symbols ``<s>``, ``</s>`` or ``#0``, and Lhotse's reader of this layout refuses empty ones; both are left as they are.

Reference: Kaldi's documentation, "Data preparation".
"""

from collections.abc import Iterator

from augment.files.content import Content
from augment.formats.kaldi_tables import speaker_key, table, tables_of
from augment.testset.reading import Finished

ABOUT = "data directory for Kaldi, icefall and k2; start from the test set's folder: wav.scp has paths from there"
EXTRA = None
GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f"}


def files(finished: Finished) -> Iterator[tuple[str, Content]]:
    """``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``, ``spk2gender`` if it is known for everybody, and more."""
    yield from tables_of(finished)
    genders = _genders(finished)
    if all(genders.values()):
        yield "spk2gender", table(genders)


def _genders(finished: Finished) -> dict[str, str | None]:
    """Gender by speaker; None if it is not known or rows contradict each other."""
    said: dict[str, set[str | None]] = {}
    for row in finished.rows:
        said.setdefault(speaker_key(row["speaker"]), set()).add(GENDERS.get(str(row.get("gender")).lower()))
    return {speaker: found.pop() if len(found) == 1 else None for speaker, found in said.items()}
