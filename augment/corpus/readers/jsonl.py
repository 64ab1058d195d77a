"""JSON Lines, with NeMo's keys: one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.errors import CorpusError, Fault

SUFFIXES = (".jsonl", ".json", ".ndjson")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return row


def rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    r"""Rows of a JSON Lines manifest; blank lines are passed over, NaN is taken for no value.

    Raises:
        CorpusError: A line is not a JSON object, or has a key twice.

    Example:
        >>> list(rows(Path("m.jsonl"), '{"a": 1}\n\n{"a": 2}\n'))
        [(1, {'a': 1}), (3, {'a': 2})]
    """
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=lambda _: None)
    # Not splitlines(): it also splits at characters such as U+2028, which JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            row = decoder.decode(line.strip())
        except ValueError as error:
            reason = getattr(error, "msg", str(error))
            raise CorpusError(Fault(place, f"this line is not a JSON object: {reason}")) from None
        except RecursionError:
            raise CorpusError(Fault(place, "this line is nested too deeply")) from None
        if isinstance(row, list):
            raise CorpusError(
                Fault(place, "found a JSON array; expected one JSON object a line", "convert it with `jq -c '.[]'`")
            )
        if not isinstance(row, dict):
            raise CorpusError(Fault(place, f"found {line.strip()[:40]}; expected a JSON object"))
        yield number, row
