"""A plain folder of audio files whose names say what they are, by a pattern such as ``{accent}/{speaker}/{id}.wav``.

A field stands for a part of a path without a slash; ``{id}``, ``{speaker}`` and ``{text}`` are what they are called,
every other one is a label, and ``*`` is anything within one name. The text of an utterance is in a file of the same
name that ends in ``.txt`` or ``.lab``, if its name does not hold it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault
from augment.profiles.recording import audio_files

SUFFIXES = ()
FOLDER = True
PATTERN = True
SIGNS = ()
TEXTS = (".txt", ".lab")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of paths; files that do not fit the pattern are counted in a note."""
    form = _form(source)
    fits, others = 0, list[str]()
    for path in audio_files(source.folder):
        name = path.relative_to(source.folder).as_posix()
        match = form.fullmatch(name)
        if match is None:
            others.append(name)
            continue
        fits += 1
        said = match.groupdict()
        yield name, {"text": said.get("text") or _text(source, path), **said, "audio_filepath": name}
    if others and not fits:
        message = f"none of {len(others)} audio files fits the pattern '{source.pattern}'"
        raise CorpusError(Fault(str(source.path), message, f"the first is '{others[0]}'"))
    if others:
        source.tell(f"{len(others)} audio files do not fit the pattern '{source.pattern}' and are not used")


def _form(source: Source) -> re.Pattern[str]:
    where = str(source.path)
    example = "corpus: {layout: folder, pattern: '{accent}/{speaker}/{id}.wav'}, or --pattern"
    if source.pattern is None:
        raise CorpusError(Fault(where, "the layout 'folder' needs a pattern", example))
    try:
        return pattern_form(source.pattern)
    except ValueError as error:
        raise CorpusError(Fault(where, f"the pattern '{source.pattern}' {error}", example)) from None


def pattern_form(pattern: str) -> re.Pattern[str]:
    """A pattern of paths as a regular expression.

    Raises:
        ValueError: A brace is open, or a field is no name or stands twice.

    Example:
        >>> pattern_form("{accent}/*_{id}.wav").fullmatch("Scottish/x_17.wav").groupdict()
        {'accent': 'Scottish', 'id': '17'}
    """
    parts, seen = [], set()
    for literal, field, star in re.findall(r"([^{}*]+)|\{([^{}]*)\}|(\*)", pattern):
        if field in seen:
            raise ValueError(f"has the field '{field}' twice")
        if field:
            if not field.isidentifier():
                raise ValueError(f"has a field '{field}' that is no name")
            seen.add(field)
        parts.append(re.escape(literal) if literal else "[^/]*" if star else f"(?P<{field}>[^/]+)")
    if sum(map(pattern.count, "{}")) != 2 * len(seen):
        raise ValueError("has a brace too many, or a field without a name")
    if not seen:
        raise ValueError("has no field")
    return re.compile("".join(parts))


def _text(source: Source, path: Path) -> str:
    for ending in TEXTS:
        beside = path.with_suffix(ending)
        if beside.is_file() and beside.stat().st_size:
            return " ".join("".join(source.lines(beside.relative_to(source.folder).as_posix())).split())
    return ""
