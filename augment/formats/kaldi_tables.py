"""Tables of keys and values as Kaldi and ESPnet read them.

Lines are sorted by their bytes, as by ``LC_ALL=C sort``, and utterances must sort in the order of their speakers:
therefore an utterance's id begins with its speaker's. Keys hold no white space; each value is on one line.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from augment.files.content import Content
from augment.files.json_rows import PickedRows
from augment.files.sorting import in_order
from augment.files.spool import Spool
from augment.testset.reading import Finished, Row

UNKNOWN = "unknown"
EVERYBODY = ("wav.scp", "text", "utt2spk", "utt2dur", "reco2dur", "utt2id", "utt2category")
"""Tables with a line for every utterance; others have none for those of which they know nothing."""
MORE = ("group", "condition", "block", "utterance", "snr_requested_db", "snr_db", "licence")
TAKEN = frozenset({"category", "dur", "id", "lang", "max_frames_per_chunk", "num_frames", "spk", "uniq", "warp"})
"""Names to which Kaldi, ESPnet or we give a meaning as ``utt2...``: a label of that name gets another file."""


def speaker_key(name: str | None) -> str:
    """Kaldi's name for a speaker, such that utterances sort as Kaldi requires; other names have other keys.

    Example:
        >>> speaker_key("Ann_B"), speaker_key("Ann B") != speaker_key("Ann_B"), speaker_key(None)
        ('Ann_B', True, 'unknown')
    """
    return UNKNOWN if name is None else _key(name)


def utterance_key(row: Row) -> str:
    """Kaldi's name for an item.

    Example:
        >>> utterance_key({"id": "u2__quiet", "speaker": "Ann_B"})
        'Ann_B-u2__quiet'
    """
    return f"{speaker_key(row['speaker'])}-{row['id']}"


@cache
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
    return b"".join(sorted(_line(key, value) for key, value in values.items()))


def _line(key: str, value: Any) -> bytes:
    return f"{key} {'' if value is None else ' '.join(str(value).split())}\n".encode()


def tables_of(
    finished: Finished, more: Mapping[str, Callable[[Row], Any]] | None = None
) -> Iterator[tuple[str, Content]]:
    """``wav.scp``, ``text``, ``utt2spk``, ``spk2utt``, durations, names, and a table for each label and factor.

    Audio paths are relative to the test set's folder. ``utt2id`` and ``spk2name`` hold the original ids and names.

    Args:
        finished: The test set.
        more: More tables of utterances: what each says of a row, by its file.
    """
    said = {**_said_of(finished), **(more or {})}
    speakers = dict[str, str | None]()
    order = array("q", (number for _, number in in_order(_keys(finished.rows, speakers))))
    with ExitStack() as stack:
        spools = {file: stack.enter_context(Spool()) for file in (*said, "spk2utt")}
        for speaker, rows in groupby(PickedRows(finished.rows, order), key=lambda row: speaker_key(row["speaker"])):
            spools["spk2utt"].add(speaker.encode())
            for row in rows:
                key = utterance_key(row)
                spools["spk2utt"].add(f" {key}".encode())
                for file, tell in said.items():
                    value = tell(row)
                    if value is not None or file in EVERYBODY:
                        spools[file].add(_line(key, value))
            spools["spk2utt"].add(b"\n")
        yield from spools.items()
    yield "spk2name", table({key: name for key, name in speakers.items() if name is not None})


def _keys(rows: Iterable[Row], speakers: dict[str, str | None]) -> Iterator[bytes]:
    """What tables are sorted by; speakers are noted on the way.

    A key and the space behind it: no character of a key comes before one, so that lines are in this order whatever
    they say, and those of a speaker stand together.
    """
    for row in rows:
        speakers[speaker_key(row["speaker"])] = row["speaker"]
        yield f"{utterance_key(row)} ".encode()


def _said_of(finished: Finished) -> dict[str, Callable[[Row], Any]]:
    """What tables of utterances say of a row, by their file."""
    known = (name for name in (*MORE, *finished.labels, *finished.factors) if name in finished.columns)
    columns = [name for name in dict.fromkeys(known) if name != "id"]
    return {
        "wav.scp": itemgetter("audio_filepath"),
        "text": itemgetter("text"),
        "utt2spk": lambda row: speaker_key(row["speaker"]),
        "utt2dur": itemgetter("duration"),
        "reco2dur": itemgetter("duration"),  # without it, Lhotse takes whole milliseconds
        "utt2id": itemgetter("id"),
        **{file: itemgetter(column) for column, file in column_files(columns).items()},
    }


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
