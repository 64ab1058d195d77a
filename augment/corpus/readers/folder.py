"""A plain folder of audio files whose names say what they are, by a pattern such as ``{accent}/{speaker}/{id}.wav``.

A field stands for a part of a path without slashes; ``{id}``, ``{speaker}`` and ``{text}`` mean what they say, any
other field is a label, and ``*`` is anything within one name. Endings are compared without regard to case. Unless the
name holds it, the text of an utterance is read from a file of the same name that ends in ``.txt`` or ``.lab``; the
numbers of the first and last sample that TIMIT puts before it are removed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.foreign_tables import account
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault
from augment.profiles.recording import audio_below

SUFFIXES = ()
FOLDER = True
PATTERN = True
SIGNS = ()
TEXTS = (".txt", ".lab")
SAMPLES = re.compile(r"^0 \d{3,} (?=\S)")
"""What TIMIT puts before a text."""


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of paths; files that do not fit the pattern are counted in a note."""
    form = _form(source)
    walk = audio_below(source.folder)
    texts = {walk.name(path).casefold(): walk.name(path) for path in walk.others}
    matches = {name: form.fullmatch(name) for name in map(walk.name, walk.files)}
    fits = {name: match.groupdict() for name, match in matches.items() if match}
    if matches and not fits:
        message = f"none of {len(matches)} audio files fits the pattern '{source.pattern}'"
        raise CorpusError(Fault(str(source.path), message, f"the first is '{min(matches)}'"))
    _refuse_twins(source, [said["id"] for said in fits.values() if "id" in said])
    used, numbered = set(fits), 0
    for name, said in fits.items():
        text = said.get("text") or ""
        beside = [found for ending in TEXTS if (found := texts.get(f"{_stem(name)}{ending}".casefold()))]
        used.update(beside)
        written = next((words for file in beside if (words := _words(source, file))), "")
        numbered += text == "" and bool(SAMPLES.match(written))
        yield name, {"text": text or SAMPLES.sub("", written), **said, "audio_filepath": name}
    if numbered:
        source.tell(f"{numbered} texts begin with the numbers of a first and last sample, which are taken off")
    if len(fits) < len(matches):
        count = len(matches) - len(fits)
        source.tell(f"{count} audio files do not fit the pattern '{source.pattern}' and are not used")
    account(source, walk, {*used, *matches})


def _refuse_twins(source: Source, ids: list[str]) -> None:
    twins = Counter(ids).most_common(1)
    if twins and twins[0][1] > 1:
        message = (
            f"the pattern '{source.pattern}' gives {twins[0][1]} files the id '{twins[0][0]}', and ids must be unique"
        )
        remedy = "write * in place of {id}: ids are then made of whole paths"
        raise CorpusError(Fault(str(source.path), message, remedy))


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
        ValueError: A brace is left open, or a field is not a name or appears twice.

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
                raise ValueError(f"has a field '{field}' that is not a name")
            seen.add(field)
        parts.append(re.escape(literal) if literal else "[^/]*" if star else f"(?P<{field}>[^/]+)")
    if sum(map(pattern.count, "{}")) != 2 * len(seen):
        raise ValueError("has a brace too many, or a field without a name")
    if not seen:
        raise ValueError("has no field")
    stem, dot, ending = "".join(parts).rpartition(r"\.")
    return re.compile(f"{stem}{dot}(?i:{ending})" if dot and "/" not in ending else "".join(parts))


def _stem(name: str) -> str:
    return name[: -len(Path(name).suffix)]


def _words(source: Source, name: str) -> str:
    if not (source.folder / name).stat().st_size:
        return ""
    return source.words(name)
