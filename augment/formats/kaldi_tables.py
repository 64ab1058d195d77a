"""Tables of keys and values as Kaldi and ESPnet read them.

Lines are sorted by their bytes, as by ``LC_ALL=C sort``, and utterances must sort in the order of their speakers:
therefore an utterance's id begins with its speaker's. Keys hold no white space; each value is on one line.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from augment.testset.reading import Finished, Row

UNKNOWN = "unknown"
MORE = ("group", "condition", "block", "utterance", "snr_requested_db", "snr_db", "licence")
TAKEN = frozenset({"category", "dur", "id", "lang", "max_frames_per_chunk", "num_frames", "spk", "uniq", "warp"})
"""Names to which Kaldi, ESPnet or we give a meaning as ``utt2...``: a label of that name gets another file."""


@dataclass(frozen=True)
class KaldiNames:
    """Kaldi's names for utterances and speakers.

    Attributes:
        utterance: Key of each item by its ``id``.
        speaker: Key of each speaker by name, with None for an unknown one.
    """

    utterance: dict[str, str]
    speaker: dict[str | None, str]


def kaldi_names(rows: Iterable[Row]) -> KaldiNames:
    """Keys that sort as Kaldi requires and differ for different names.

    Example:
        >>> names = kaldi_names([{"id": "u1__quiet", "speaker": "Ann B"}, {"id": "u2__quiet", "speaker": "Ann_B"}])
        >>> names.utterance["u2__quiet"], names.speaker["Ann B"] != names.speaker["Ann_B"]
        ('Ann_B-u2__quiet', True)
    """
    rows = list(rows)
    speakers = {row["speaker"] for row in rows}
    speaker = {name: UNKNOWN if name is None else _key(name) for name in speakers}
    return KaldiNames({row["id"]: f"{speaker[row['speaker']]}-{row['id']}" for row in rows}, speaker)


def _key(name: str) -> str:
    """A name as a key of ASCII letters, digits, ``_`` and ``.``; one that had to be changed gets a hash of its own.

    It holds no hyphen, so that no speaker's key followed by a hyphen can begin another speaker's utterance.
    """
    plain = re.sub(r"[^A-Za-z0-9_.]+", "_", name)
    same = plain == name and name != UNKNOWN
    return plain if same else f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def table(values: Mapping[str, Any]) -> bytes:
    r"""Lines of key and value, sorted by bytes; white space in values becomes single spaces, None an empty value.

    Example:
        >>> table({"b": "two\twords", "a": None, "Z": 1.5})
        b'Z 1.5\na \nb two words\n'
    """
    lines = sorted(f"{key} {' '.join(_said(value).split())}".encode() for key, value in values.items())
    return b"".join(line + b"\n" for line in lines)


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def common_tables(finished: Finished, names: KaldiNames) -> dict[str, bytes]:
    """``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``, durations, names, and a table for each label and factor.

    Audio paths are relative to the test set's folder. ``utt2id`` and ``spk2name`` hold the original ids and names.
    """
    keyed = {names.utterance[row["id"]]: row for row in finished.rows}
    speakers: dict[str, list[str]] = {}
    for key, row in keyed.items():
        speakers.setdefault(names.speaker[row["speaker"]], []).append(key)
    return {
        "wav.scp": table({key: row["audio_filepath"] for key, row in keyed.items()}),
        "text": table({key: row["text"] for key, row in keyed.items()}),
        "utt2spk": table({key: names.speaker[row["speaker"]] for key, row in keyed.items()}),
        "spk2utt": table({key: " ".join(sorted(own, key=str.encode)) for key, own in speakers.items()}),
        "utt2dur": column_table(finished, names, "duration"),
        "reco2dur": column_table(finished, names, "duration"),  # without it, Lhotse takes whole milliseconds
        "utt2id": table({key: row["id"] for key, row in keyed.items()}),
        "spk2name": table({key: name for name, key in names.speaker.items() if name is not None}),
        **_column_tables(finished, names),
    }


def _column_tables(finished: Finished, names: KaldiNames) -> dict[str, bytes]:
    known = (name for name in (*MORE, *finished.labels, *finished.factors) if name in finished.columns)
    columns = [name for name in dict.fromkeys(known) if name != "id"]
    return {file: column_table(finished, names, column) for column, file in column_files(columns).items()}


def column_files(columns: Iterable[str]) -> dict[str, str]:
    """File of each column; a name that is taken, even on a disk that ignores case, becomes ``label_...``.

    Example:
        >>> column_files(["first language", "first_language", "lang"])
        {'first language': 'utt2first_language', 'first_language': 'utt2label_first_language', 'lang': 'utt2label_lang'}
    """
    taken = set(TAKEN)
    files: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"\W+", "_", column)
        while name.casefold() in taken:
            name = f"label_{name}"
        taken.add(name.casefold())
        files[column] = f"utt2{name}"
    return files


def column_table(finished: Finished, names: KaldiNames, column: str) -> bytes:
    """One column by utterance, without rows that have nothing in it."""
    return table({names.utterance[row["id"]]: row[column] for row in finished.rows if row[column] is not None})
