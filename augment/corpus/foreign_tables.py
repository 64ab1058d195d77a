"""What readers take from other people's tables: labels next to our own columns, and keys that occur only once."""

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from augment.corpus.source import Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault
from augment.files.channels import CHANNEL
from augment.files.location import below
from augment.files.walk import Walk, ending
from augment.profiles.recording import SUFFIXES as AUDIO

OURS = frozenset({"id", "audio_filepath", "audio_channel", "offset", "duration", "text", "speaker"})
"""Columns that say which audio an utterance is, and who and what is heard in it: not for foreign labels to decide."""


def labels_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Foreign labels; one that has the name of a column of ours is called ``label_...``.

    Example:
        >>> labels_of({"accent": "Welsh", "offset": 3.5})
        {'accent': 'Welsh', 'label_offset': 3.5}

        A column of numbers called ``channel`` would decide which channel is read:

        >>> labels_of({"channel": 1}), labels_of({"channel": "telephone"})
        ({'label_channel': 1}, {'channel': 'telephone'})
    """
    ours = OURS | {name for name, value in given.items() if name == "channel" and _says_channels(value)}
    return {free_name(name, ours, given): value for name, value in given.items()}


def _says_channels(value: Any) -> bool:
    """Whether a value, or every value of a column given by rows, would be taken for a channel of a file."""
    values = value.values() if isinstance(value, Mapping) else [value]
    return all(CHANNEL.fullmatch(str(each)) for each in values)


def free_name(name: str, own: Container[str], columns: Container[str] = ()) -> str:
    """A column's name, or ``label_...`` where that name means something else, here or in another tool's format.

    Args:
        name: Name of the column.
        own: Names with a meaning of their own.
        columns: Names of the other columns.

    Example:
        >>> free_name("wav", ("wav",), ("wav", "label_wav")), free_name("accent", ("wav",))
        ('label_label_wav', 'accent')
    """
    free = name
    while free in own or (free != name and free in columns):
        free = f"label_{free}"
    return free


ELSEWHERE = ("offset", "duration", "channel", "audio_channel")
"""Columns that say where in a recording an utterance was found."""


def whole_audio(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose audio is the whole utterance: its offset and channel say where in another recording it was found.

    Example:
        >>> whole_audio({"offset": 3.5, "duration": 2.0}), whole_audio({"offset": None, "duration": 2.0})
        ({'label_offset': 3.5, 'label_duration': 2.0}, {'duration': 2.0})
        >>> whole_audio({"text": "ok", "channel": 1})
        {'text': 'ok', 'label_channel': 1}
    """
    elsewhere = {"channel", "audio_channel"} if row.get("offset") is None else {*ELSEWHERE}
    return {free_name(name, elsewhere, row): v for name, v in row.items() if name != "offset" or v is not None}


def differing(found: Mapping[str, Any], key: str, value: Any, where: str) -> list[Fault]:
    """A fault if a table has a key for the second time, with another value.

    Args:
        found: What the table had before.
        key: The key of the line.
        value: The value that the line gives it.
        where: File and line.

    Example:
        >>> differing({"p225": "F"}, "p225", "F", "a.txt:2")
        []
        >>> print(*differing({"p225": "F"}, "p225", "M", "a.txt:2"))
        a.txt:2: 'p225' appears twice, and not with the same values - keep the line that is right
    """
    if key not in found or found[key] == value:
        return []
    return [Fault(where, f"'{key}' appears twice, and not with the same values", "keep the line that is right")]


def account(source: Source, walk: Walk[Path], used: Container[str] = ()) -> None:
    """Account for the files of a folder that a reader does not use.

    Args:
        source: The corpus, which keeps the account.
        walk: What is below its folder, or below one in it.
        used: Paths below the folder of the corpus that the reader uses all the same.
    """
    for path in (*walk.files, *walk.others):
        name = below(path, source.folder)
        if name not in used:
            source.pass_over(Leftover.AUDIO if ending(path) in AUDIO else Leftover.FILES, ending(path))
    source.pass_over(Leftover.TEST_SETS, "and what is in them", len(walk.test_sets))


def unlike(header: Iterable[str], where: str) -> list[str]:
    """Names of columns, none of which may appear twice.

    Raises:
        CorpusError: One does: the last of its cells would silently win.

    Example:
        >>> unlike(["age", "sex"], "a.csv:1")
        ['age', 'sex']
    """
    names = list(header)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        remedy = "keep one of them, or rename them"
        raise CorpusError([Fault(where, f"the column '{name}' appears twice in the header", remedy) for name in twice])
    return names
