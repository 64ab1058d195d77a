"""Columns of manifests by name: those that every row has, and what installed perturbations fill."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from augment.columns import NOISE, PLANNED, ROW, Column, is_numbered, numbered
from augment.perturb import Perturbation, kinds

FIXED = {column.name: column for column in (*ROW, *PLANNED)}


def filled_by(steps: Iterable[Perturbation]) -> list[Column]:
    """Columns that a chain fills, in its order; a column that a second step fills too is numbered."""
    seen, found = Counter[str](), list[Column]()
    for column in (column for step in steps for column in step.columns()):
        seen[column.name] += 1
        found.append(replace(column, name=numbered(column.name, seen[column.name])))
    return found


@cache
def of_steps() -> tuple[Column, ...]:
    """Columns that any step may fill."""
    return (*NOISE, *dict.fromkeys(column for step in kinds().values() for column in step.records))


def known(name: str) -> Column | None:
    """The column of this name; None for a label or a factor.

    Example:
        >>> known("snr_db").unit, known("codec2_packets").kind, known("age")
        ('dB', <class 'int'>, None)
    """
    steps = (column for column in of_steps() if is_numbered(name, column.name))
    return FIXED.get(name) or next(steps, None)


def taken(name: str) -> bool:
    """Whether a name is that of a column or may become one, as all that begins like the columns of noises.

    Example:
        >>> taken("snr_db"), taken("noise2_colour"), taken("room"), taken("room2_name")
        (True, True, False, True)
    """
    first, more, _ = name.partition("_")
    return known(name) is not None or (more == "_" and is_numbered(first, "noise"))


def kind_of(name: str, values: Iterable[Any]) -> type:
    """``bool``, ``int``, ``float`` or ``str``: as the column is declared; for a label or a factor, by its values.

    Args:
        name: Name of the column.
        values: Its values; None where it is empty.

    Example:
        >>> kind_of("noise2_level_dba", [None]), kind_of("age", [None]), kind_of("age", [1, None])
        (<class 'float'>, <class 'str'>, <class 'int'>)
        >>> kind_of("x", [1, 2.5]), kind_of("x", [1, "a"])
        (<class 'float'>, <class 'str'>)
    """
    column = known(name)
    return _kind(set(map(type, values))) if column is None else column.kind


class Kinds:
    """The :func:`kind_of` of several columns, found out a row at a time.

    Args:
        names: Names of the columns.

    Example:
        >>> kinds = Kinds(["snr_db", "age"])
        >>> kinds.take({"snr_db": None, "age": 1})
        >>> kinds.found
        {'snr_db': <class 'float'>, 'age': <class 'int'>}
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._declared = {name: known(name) for name in names}
        self._types: dict[str, set[type]] = {name: set() for name, column in self._declared.items() if column is None}

    def take(self, row: Mapping[str, Any]) -> None:
        """Look at a row that has these columns."""
        for name, types in self._types.items():
            types.add(type(row[name]))

    @property
    def found(self) -> dict[str, type]:
        """The kind of each column."""
        return {n: _kind(self._types[n]) if column is None else column.kind for n, column in self._declared.items()}


def kinds_of(names: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> dict[str, type]:
    """The same of rows, which are read once."""
    kinds = Kinds(names)
    for row in rows:
        kinds.take(row)
    return kinds.found


def _kind(types: set[type]) -> type:
    """The kind of column that holds values of these types."""
    found = types - {type(None)}
    if found == {int, float}:
        return float
    return found.pop() if len(found) == 1 and found <= {bool, int, float} else str


def as_kind(value: Any, kind: type) -> Any:
    """A value for a column of a kind: in a column of text, all that is no text is written as JSON.

    Example:
        >>> as_kind(3, float), as_kind(3, str), as_kind("a", str), as_kind(None, str)
        (3, '3', 'a', None)
    """
    return value if value is None or kind is not str or isinstance(value, str) else json.dumps(value)


def odd_cells(steps: Iterable[Perturbation], cells: Mapping[str, Any]) -> str:
    """Where an item's cells differ from what its steps declare; an empty text if nowhere.

    Rows would lose an undeclared column, and readers would take a value for another kind.

    Args:
        steps: The steps of its condition.
        cells: What was measured.
    """
    filled = {column.name: column for column in filled_by(steps)}
    told = [f"column '{name}' stands in no step's 'records'" for name in cells.keys() - filled.keys() - FIXED.keys()]
    told += [f"column '{name}' of a step's 'records' is one of every row" for name in filled.keys() & FIXED.keys()]
    told += [
        f"column '{name}' of kind {column.kind.__name__} has {cells.get(name, 'no value, not even None')!r}"
        for name, column in filled.items()
        if name not in cells or not column.fits(cells[name])
    ]
    return "; ".join(sorted(told))
