"""JSON Lines with NeMo's keys: one JSON object a line; or one JSON document of such objects."""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from augment.corpus.documents import document_rows, holds_rows
from augment.corpus.source import Place, Source
from augment.errors import Fault
from augment.files.json_text import CAREFUL, PLAIN, keys_once
from augment.files.location import Location

FOLDER = False
SIGNS = ()
SUFFIXES = (".jsonl", ".json", ".ndjson")


def rows(source: Source) -> Iterator[tuple[Place, dict[str, Any] | Fault]]:
    """Rows of the manifest; see :func:`objects`."""
    return objects(source, source.path, source.lines())


def objects(source: Source, path: Location, lines: Iterable[str]) -> Iterator[tuple[Place, dict[str, Any] | Fault]]:
    r"""Rows of a JSON Lines manifest or of one JSON document; blank lines are skipped, and NaN is not a label's value.

    Args:
        source: The corpus it belongs to, which keeps account of what is not used.
        path: The manifest, for messages.
        lines: Its lines.

    Raises:
        CorpusError: The file is one JSON document, but not one of rows.

    Example:
        >>> from pathlib import Path
        >>> list(objects(Source(Path(".")), Path("m.jsonl"), ['{"a": 1}\n', "\n", '{"a": 2}\n']))
        [(1, {'a': 1}), (3, {'a': 2})]
    """
    left = iter(lines)
    head = [*_head(left), *_head(left)]
    if _is_document([line.strip() for line in head if line.strip()]):
        found, head = document_rows(source, path, itertools.chain(head, left))
        yield from found
    for number, line in enumerate(itertools.chain(head, left), start=1):
        stripped = line.strip()
        if stripped:
            row = _plain_row(stripped)
            yield number, _row(f"{path}:{number}", stripped) if row is None else row


def _head(lines: Iterator[str]) -> Iterator[str]:
    """Lines up to the first that is not blank."""
    for line in lines:
        yield line
        if line.strip():
            return


def _is_document(head: Sequence[str]) -> bool:
    """Whether the first two lines that are not blank begin a document: an array, or an object over several lines.

    An object that ends on its own line is a row, unless it is all there is and holds other objects.
    """
    if not head or not head[0].startswith("{"):
        return bool(head) and head[0].startswith("[")
    try:
        first = CAREFUL.decode(head[0])
    except json.JSONDecodeError as error:
        return error.pos >= len(head[0]) or error.msg == "Extra data"
    except (ValueError, RecursionError):
        return False
    return len(head) == 1 and holds_rows(first)


def _plain_row(line: str) -> dict[str, Any] | None:
    """The object on a line; None where a closer look is needed: an error, half a surrogate pair, a key twice."""
    try:
        row = PLAIN.decode(line)
    except (ValueError, RecursionError):
        return None
    return row if keys_once(row, line) and "\\ud" not in line and "\\uD" not in line else None


def _row(place: str, line: str) -> dict[str, Any] | Fault:
    try:
        row = CAREFUL.decode(line)
        if "\\ud" in line.lower():
            json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Fault(place, "a text of this row is not valid Unicode (half of a surrogate pair)")
    except ValueError as error:
        if line.startswith("{'"):
            return Fault(place, "this line is Python, not JSON", "write it with json.dumps")
        return Fault(place, f"this line is not a JSON object: {getattr(error, 'msg', str(error))}")
    except RecursionError:
        return Fault(place, "this line is nested too deeply")
    return row if isinstance(row, dict) else Fault(place, f"found {line[:40]}; expected a JSON object")
