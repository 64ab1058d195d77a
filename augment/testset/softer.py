"""Items that were made softer as a whole, since they would have clipped: how many of which groups, and what it does."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from augment.errors import counted


@dataclass(frozen=True)
class Softer:
    """What was made softer against clipping.

    Attributes:
        items: How many.
        most_db: Gain of the softest; 0 where there is none.
        level_moved_db: By how much the active speech level of the file moved beside that gain, at most: the thresholds
            of P.56 do not move with it. Rows tell the level of the file.
        groups: For each group how many of its items, and of how many.
    """

    items: int
    most_db: float
    level_moved_db: float
    groups: Mapping[str, tuple[int, int]]

    def __str__(self) -> str:
        shares = ", ".join(f"{group} {count} of {of}" for group, (count, of) in self.groups.items() if count)
        moved = f"; their speech level moves by up to {self.level_moved_db:.2f} dB beside that gain (P.56)"
        return (
            f"{counted(self.items, 'item was', 'items were')} made softer as a whole by up to {-self.most_db:.1f} dB, "
            f"since they would have clipped (headroom_gain_db): {shares}{moved if self.level_moved_db >= 0.1 else ''}"
        )

    def as_identity(self) -> dict[str, Any]:
        """As ``testset.json`` says it."""
        return asdict(self)


class SofterTally:
    """Counts what was made softer, a row at a time."""

    def __init__(self) -> None:
        self._items, self._most_db, self._moved_db = 0, 0.0, 0.0
        self._groups: dict[str, tuple[int, int]] = {}

    def take(self, row: Mapping[str, Any]) -> None:
        """Count a row of the manifest."""
        headroom_db, level = row["headroom_gain_db"], row["speech_level_dbov"]
        count, of = self._groups.get(str(row["group"]), (0, 0))
        self._groups[str(row["group"])] = (count + (headroom_db < 0), of + 1)
        if headroom_db < 0:
            self._items += 1
            self._most_db = min(self._most_db, headroom_db)
            if level is not None and row.get("speech_level_at", "file") == "file":
                self._moved_db = max(self._moved_db, abs(level - row["speech_level_requested_dbov"] - headroom_db))

    @property
    def found(self) -> Softer:
        """What all rows say."""
        return Softer(self._items, self._most_db, round(self._moved_db, 3), dict(sorted(self._groups.items())))


def made_softer(rows: Iterable[Mapping[str, Any]]) -> Softer:
    """What the rows of a manifest say of headroom.

    Example:
        >>> row = {"group": "N", "headroom_gain_db": 0.0, "speech_level_dbov": -26.0,
        ...        "speech_level_requested_dbov": -26.0}
        >>> soft = {**row, "headroom_gain_db": -6.0, "speech_level_dbov": -31.5}
        >>> found = made_softer([row, soft])
        >>> found.items, found.level_moved_db, dict(found.groups)
        (1, 0.5, {'N': (1, 2)})
    """
    tally = SofterTally()
    for row in rows:
        tally.take(row)
    return tally.found
