"""Corpora that are one JSON document rather than one object a line.

Four forms are read: an array of objects; objects that follow one another, each over several lines; an object that
holds one array of objects (``{"data": [...]}``); and an object of objects by id, as SpeechBrain writes it. Anything
else is a single fault.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from augment.corpus.source import Place, Row, Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault
from augment.files.json_text import CAREFUL
from augment.files.location import Location

LARGEST_DOCUMENT = 2**28
"""Characters of a document, which is held in memory as a whole; as JSON Lines, a corpus may be larger."""
GAP = re.compile(r"[\s,]*")
AS_LINES = "write one JSON object a line"
AUDIO = frozenset({"audio_filepath", "audio", "wav", "path", "file_name"})
"""Names of columns, which are not ids."""

Entries = list[tuple[Place, Row | Fault]]


def document_rows(source: Source, path: Location, lines: Iterable[str]) -> tuple[Entries, list[str]]:
    r"""Rows of a document.

    Args:
        source: The corpus it belongs to, which keeps account of what is not used.
        path: The file, for messages.
        lines: Its lines.

    Returns:
        The rows; or the lines, where this is not a document.

    Raises:
        CorpusError: It is a document, but not one of rows.

    Example:
        >>> from pathlib import Path
        >>> document_rows(Source(Path(".")), Path("m.json"), ["[\n", '{"a": 1},\n', '{"a": 2}\n', "]"])
        ([(2, {'a': 1}), (3, {'a': 2})], [])
    """
    held = _held(path, lines)
    text = "".join(held)
    try:
        values = list(_values(text))
    except RecursionError:
        raise CorpusError(Fault(str(path), "the document is nested too deeply", AS_LINES)) from None
    except ValueError as error:
        if any(_is_object(line) for line in held):
            return [], held
        raise CorpusError(_unread(path, text, error)) from None
    first = values[0][1] if values else None
    if len(values) == 1 and text.lstrip().startswith("{") and isinstance(first, dict) and holds_rows(first):
        return _contained(source, path, first), []
    return [(line, _row(path, line, value)) for line, value in values], []


def _held(path: Location, lines: Iterable[str]) -> list[str]:
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size > LARGEST_DOCUMENT:
            message = f"this is not JSON Lines, and one JSON document may have at most {LARGEST_DOCUMENT >> 20} MB"
            raise CorpusError(Fault(str(path), message, AS_LINES))
    return held


def _values(text: str) -> Iterator[tuple[int, Any]]:
    """The objects of an array, or objects that follow one another, and the line where each begins.

    Raises:
        ValueError: This is not JSON.
    """
    inside = text.lstrip().startswith("[")
    at = text.index("[") + 1 if inside else 0
    line = 1 + text.count("\n", 0, at)
    while True:
        begin = GAP.match(text, at).end()  # type: ignore[union-attr]  # it always matches, if only nothing
        line += text.count("\n", at, begin)
        if begin == len(text) or (inside and text[begin] == "]"):
            break
        value, at = CAREFUL.raw_decode(text, begin)
        yield line, value
        line += text.count("\n", begin, at)
    if inside and text[begin:].strip() != "]":
        found = "the array is cut off" if begin == len(text) else "something follows the array"
        raise ValueError(f"{found} in line {line}")


def _is_object(line: str) -> bool:
    try:
        return isinstance(CAREFUL.decode(line.strip()), dict)
    except (ValueError, RecursionError):
        return False


def _unread(path: Location, text: str, error: ValueError) -> Fault:
    line = getattr(error, "lineno", 1)
    if re.match(r"[\[{\s]*'", text):
        return Fault(f"{path}:{line}", "this is Python, not JSON", f"{AS_LINES}, with json.dumps")
    message = f"this is neither one JSON object a line nor one JSON document: {getattr(error, 'msg', str(error))}"
    return Fault(f"{path}:{line}", message, AS_LINES)


def holds_rows(document: Mapping[str, Any]) -> bool:
    """Whether an object holds rows rather than being one: its single values are about the whole only."""
    if any(isinstance(document.get(name), str) for name in AUDIO):
        return False
    held = [value for value in document.values() if isinstance(value, dict | list)]
    return len(held) == len(document) > 0 or any(_are_rows(value) for value in held)


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _contained(source: Source, path: Location, document: Mapping[str, Any]) -> Entries:
    """Rows of an object that holds them."""
    lists = [name for name, value in document.items() if _are_rows(value)]
    if len(lists) == 1:
        for name in document.keys() - set(lists):
            source.pass_over(Leftover.FIELDS, name)
        found = enumerate(document[lists[0]], start=1)
        return [(f"{lists[0]}:{number}", row) for number, row in found]
    if len(lists) > 1:
        message = f"this is one JSON object with several arrays of rows: {', '.join(lists)}"
        raise CorpusError(Fault(str(path), message, f"write one of them to a file: jq -c '.[\"{lists[0]}\"][]'"))
    if document.keys() & AUDIO or not all(isinstance(value, dict) for value in document.values()):
        message = "this is one JSON object of columns, and not of rows"
        remedy = f"{AS_LINES}: with pandas, to_json(path, orient='records', lines=True)"
        raise CorpusError(Fault(str(path), message, remedy))
    named = {"id", "ID"}
    return [(name, row if row.keys() & named else {"id": name, **row}) for name, row in document.items()]


def _row(path: Location, line: int, value: Any) -> Row | Fault:
    if isinstance(value, dict):
        return value
    kind = "an array" if isinstance(value, list) else "a single value"
    return Fault(
        f"{path}:{line}", f"found {kind} where a row should be: expected objects of names and values", AS_LINES
    )
