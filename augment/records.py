"""Records as tables: a row for each, and a column for each of their fields, of the field's own kind."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    import polars


def frame_of(
    kind: type, records: Iterable[Any], before: Mapping[str, Iterable[Any]] | None = None
) -> "polars.DataFrame":
    """Records as a table, whose columns have their kinds even where there is no record.

    Args:
        kind: A dataclass with fields of numbers, truth values, texts and tuples of these.
        records: Those to show; fields of theirs that are not the class's are left out.
        before: Columns of text to put before the others, with a value for each record.

    Example:
        >>> from augment.errors import Fault
        >>> frame_of(Fault, [Fault("a.wav", "is empty")], {"file": ["x"]}).rows()
        [('x', 'a.wav', 'is empty', '')]
        >>> frame_of(Fault, []).dtypes
        [String, String, String]
    """
    import polars

    kinds, held = get_type_hints(kind), [asdict(record) for record in records]
    columns = {name: polars.Series(list(values), dtype=polars.String) for name, values in (before or {}).items()}
    for name in (field.name for field in fields(kind)):
        columns[name] = polars.Series([record[name] for record in held], dtype=_kind(kinds[name]), strict=False)
    return polars.DataFrame(columns)


def _kind(hint: Any) -> Any:
    """The kind of column that holds values of a field."""
    import polars

    if isinstance(hint, UnionType):  # something or None
        (hint,) = (part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return polars.List(_kind(get_args(hint)[0]))
    if get_origin(hint) is Literal:
        return polars.String
    return {int: polars.Int64, float: polars.Float64, str: polars.String, bool: polars.Boolean}[hint]
