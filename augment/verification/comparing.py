"""Rows compared with the same rows made again, a pair at a time: what differs is counted, and the first are named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augment.errors import Fault
from augment.testset.by_name import ByName

Row = Mapping[str, Any]
MOST_NAMED = 3


@dataclass
class _Wrong:
    """Rows in which a column differs: how many, and the first of them in words."""

    count: int = 0
    told: list[str] = field(default_factory=list)


class Differences:
    """What differs between rows and the same rows made again; one fault for each column.

    Args:
        place: The file that holds them.
        source: What they were made from, again.
    """

    def __init__(self, place: str, source: str) -> None:
        self._place, self._source = place, source
        self._wrong: dict[str, _Wrong] = {}

    def compare(self, name: str, found: Row, made: Row) -> None:
        """Compare a row.

        Args:
            name: Its name.
            found: As it is.
            made: The same made again, with columns that both must have.
        """
        for column, value in made.items():
            has = found.get(column)
            if has != value or type(has) is not type(value):
                wrong = self._wrong.setdefault(column, _Wrong())
                wrong.count += 1
                if len(wrong.told) < MOST_NAMED:
                    wrong.told.append(f"'{name}' has {has!r} for {value!r}")

    @property
    def faults(self) -> list[Fault]:
        """What differs, by column."""
        return [
            Fault(self._place, f"{column}: {one.count} rows are not what {self._source} gives: {'; '.join(one.told)}")
            for column, one in self._wrong.items()
        ]


def differences_of_rows(
    place: str, found: ByName, made: Iterable[tuple[str, Row]], source: str
) -> tuple[list[Fault], bool]:
    r"""Differences between rows and the same rows made again.

    Args:
        place: The file that holds them.
        found: Rows by name.
        made: Names and the same rows made again, with columns that both must have.
        source: What they were made from.

    Returns:
        Faults, and whether those that both have stand in the same order.

    Example:
        >>> found = ByName([{"audio_filepath": "a", "text": "yeah"}])
        >>> faults, _ = differences_of_rows("m", found, [("a", {"text": "yes"}), ("b", {"text": "no"})], "the corpus")
        >>> print(*faults, sep="\\n")
        m: 1 of the items that the corpus gives are missing: 'b'
        m: text: 1 rows are not what the corpus gives: 'a' has 'yeah' for 'yes'
    """
    differences, missing, met = Differences(place, source), list[str](), np.zeros(len(found.rows), bool)
    last, same_order = -1, True
    for name, row in made:
        known = found.found(name)
        if known is None:
            missing.append(name)
            continue
        number, has = known
        same_order, last, met[number] = same_order and number > last, number, True
        differences.compare(name, has, row)
    more = sorted(set(found.names_of(~met)))
    faults = []
    for names, what in (
        (sorted(missing), f"of the items that {source} gives are missing"),
        (more, f"items are not among those that {source} gives"),
    ):
        if names:
            shown = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
            faults.append(Fault(place, f"{len(names)} {what}: {shown}"))
    return [*faults, *differences.faults], same_order
