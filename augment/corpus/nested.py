"""Cells that hold more than one value: lists, objects and bytes, which are neither text nor labels.

Python would spell them as ``['hello', 'world']``, and that would end up in a manifest. So a cell is one text, number or
truth value, or empty; everything else is found here, even where a table of text spells it out.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from augment.corpus.source import Place

if TYPE_CHECKING:
    import polars

MOST_KEPT = 5
WIDEST = 60
LONGEST_LITERAL = 100_000
KINDS: Mapping[type, str] = {
    list: "a list", tuple: "a list", set: "a list", dict: "an object", bytes: "bytes",
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A cell that a reader does not load because it holds more than one value.

    Attributes:
        kind: What it holds, such as ``a structure``.
    """

    kind: str


@dataclass(frozen=True)
class Nested:
    """Cells of one column that hold more than one value.

    Attributes:
        kind: What the first of them is: ``a list``, ``an object``, ``bytes``.
        shown: How it looks, as JSON.
        count: How many there are.
        places: Where the first of them are, five at most.
    """

    kind: str
    shown: str
    count: int
    places: tuple[Place, ...]

    def __add__(self, later: "Nested") -> "Nested":
        places = (*self.places, *later.places)[:MOST_KEPT]
        return replace(self, count=self.count + later.count, places=places)

    def __str__(self) -> str:
        more = f" (and {self.count - 1} more like it, in {self._others()})" if self.count > 1 else ""
        return f"{self.kind}{': ' if self.shown else ''}{self.shown}{more}"

    def _others(self) -> str:
        rows = ", ".join(map(str, self.places[1:]))
        return f"rows {rows}{' ...' if self.count > len(self.places) else ''}"


def nested_cells(values: Sequence[Any], places: Sequence[Place]) -> Nested | None:
    """Cells of a column as a reader gives them that hold more than one value.

    Args:
        values: Its cells.
        places: The place of each.

    Example:
        >>> print(nested_cells(["a", ["b", "c"], {"d": 1}], [1, 2, 3]))
        a list: ["b", "c"] (and 1 more like it, in rows 3)
        >>> nested_cells(["a", 1.5, None], [1, 2, 3])
    """
    many = {kind for kind in set(map(type, values)) if kind in KINDS or kind is Held}
    if not many:
        return None
    found = [place for place, value in zip(places, values, strict=True) if type(value) in many]
    first = next(value for value in values if type(value) in many)
    kind = first.kind if isinstance(first, Held) else KINDS[type(first)]
    return Nested(kind, _shown(first), len(found), tuple(found[:MOST_KEPT]))


def spelled_cells(texts: "polars.Series", places: Sequence[Place]) -> tuple[Nested | None, "polars.Series"]:
    """Cells of text that spell a list or an object, as JSON or as Python does; and the column without them.

    ``[noise]`` and ``[...]`` do not count, and neither does a single number in brackets.

    Args:
        texts: Stripped cells.
        places: The place of each.

    Example:
        >>> import polars
        >>> found, left = spelled_cells(polars.Series(["['a', 'b']", "[noise]", None]), [1, 2, 3])
        >>> print(found, left.to_list())
        a list: ["a", "b"] [None, '[noise]', None]
    """
    import polars

    if not texts.str.contains(r"^[\[{(]").any():
        return None, texts
    brackets = [texts.str.starts_with(a) & texts.str.ends_with(b) for a, b in ("[]", "{}", "()")]
    bracketed = (brackets[0] | brackets[1] | brackets[2]).fill_null(value=False)
    if not bracketed.any():
        return None, texts
    values = [(index, _literal(texts[index])) for index in bracketed.arg_true().to_list()]
    many = {index: value for index, value in values if value is not None}
    if not many:
        return None, texts
    gone = polars.Series([index in many for index in range(texts.len())])
    rest = polars.select(polars.when(~gone).then(texts).alias(texts.name)).to_series()
    return nested_cells(list(many.values()), [places[index] for index in many]), rest


def _literal(text: str) -> list[Any] | dict[Any, Any] | None:
    """The list or object that a text spells, if it spells one."""
    if len(text) > LONGEST_LITERAL:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    if isinstance(found, dict):
        return found
    several = list(found) if isinstance(found, list | tuple | set) else [0]
    single = len(several) == 1 and not isinstance(several[0], str | list | dict | tuple)
    return None if single else several


def _shown(value: Any) -> str:
    if isinstance(value, Held | bytes):
        return ""
    return "".join(_cut(json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value)))


def _cut(parts: Iterator[str]) -> Iterator[str]:
    """The beginning of a text that may be very long, piece by piece."""
    left = WIDEST
    for part in parts:
        yield part[:left] if len(part) <= left else f"{part[:left]}..."
        left -= len(part)
        if left < 0:
            return
