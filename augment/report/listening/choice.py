"""Which part of a grid is shown: conditions, and utterances that can be compared."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from augment.design.conditions import Condition
from augment.report.text import counted

MOST_GROUPS = 6
MOST_CELLS = 72
"""Of a page: Chromium plays at most 75 things on a page, and nobody compares more."""

Row = Mapping[str, Any]
"""Of a manifest or a plan."""


@dataclass(frozen=True)
class Lane:
    """A column of the grid.

    Attributes:
        group: Its group.
        utterance: Its utterance, where the user chose it; otherwise the group's is chosen.
    """

    group: str
    utterance: str = ""


@dataclass(frozen=True)
class Grid:
    """What is shown.

    Attributes:
        conditions: The rows, in the order of the recipe's grid.
        lanes: The columns.
        items: What is heard in each cell, by condition and lane; an item that does not exist is missing.
        control: The condition that others are compared with, one of the rows.
        of_conditions: How many conditions there are.
        of_groups: How many groups.
    """

    conditions: tuple[Condition, ...]
    lanes: tuple[Lane, ...]
    items: Mapping[tuple[str, Lane], Row]
    control: Condition
    of_conditions: int
    of_groups: int

    def heads(self) -> dict[Lane, Row]:
        """For each lane its main item: under the control, or under the first condition that it has."""
        found: dict[Lane, Row] = {}
        for condition in (self.control, *self.conditions):
            for lane in self.lanes:
                if (condition.name, lane) in self.items:
                    found.setdefault(lane, self.items[condition.name, lane])
        return found

    def only(self, conditions: Iterable[Condition]) -> "Grid":
        """The same with fewer rows."""
        kept = tuple(conditions)
        names = {condition.name for condition in kept}
        items = {place: row for place, row in self.items.items() if place[0] in names}
        return replace(self, conditions=kept, items=items)

    def among(self, conditions: int) -> "Grid":
        """The same as a part of a grid of more conditions."""
        return replace(self, of_conditions=conditions)

    @cached_property
    def alike(self) -> str:
        """How far the utterances can be compared, in a sentence."""
        heads = list(self.heads().values())
        if len(heads) < 2:
            return ""
        seconds = [_seconds(row) for row in heads]
        lasting = f"they last {min(seconds):.1f} to {max(seconds):.1f} s"
        same = len({_said(row) for row in heads}) == 1
        told = f"The utterances {'have the same text' if same else 'have different texts'}, and {lasting}."
        if all(condition.clean for condition in self.conditions):
            return told
        together = len({row["block"] for row in heads}) == 1
        return f"{told} {'They hear the same noise.' if together else 'They are of several blocks: noises may differ.'}"

    @cached_property
    def cut(self) -> str:
        """What is not shown, in words; empty if all is."""
        return " and ".join(f"{shown:,} of {counted(every, what)}" for what, (shown, every) in self.left_out.items())

    @cached_property
    def left_out(self) -> dict[str, tuple[int, int]]:
        """Of what not all is shown, ``condition`` or ``group``: how many are shown, and how many there are."""
        groups = len({lane.group for lane in self.lanes})
        every = {"condition": (len(self.conditions), self.of_conditions), "group": (groups, self.of_groups)}
        return {what: (shown, of) for what, (shown, of) in every.items() if shown < of}


def spread_over(conditions: Sequence[Condition], control: Condition, most: int) -> list[Condition]:
    """So many conditions that show as many settings as possible, the most telling first.

    The control leads, and after it comes always one whose settings were met least.

    Example:
        >>> from augment.design.conditions import conditions
        >>> from augment.recipe.loader import load_recipe
        >>> every = conditions(load_recipe("demo"))
        >>> [c.name for c in spread_over(every, every[0], 4)]
        ['quiet__studio', 'scanner_15db__handset', 'scanner_5db__studio', 'fan__handset']
    """
    left = dict(enumerate(conditions))
    first = conditions.index(control)
    met = Counter[tuple[str, str]]()
    found = list[Condition]()
    while left and len(found) < most:
        turn = min(left, key=lambda n: (sum(met[s] for s in left[n].settings), n)) if found else first
        found.append(left.pop(turn))
        met.update(found[-1].settings)
    return found


def grid_of(
    rows: Sequence[Row], conditions: Sequence[Condition], control: Condition, longest_s: float = float("inf")
) -> Grid:
    """The part of a grid that a page shows, with utterances of one block in all groups.

    Identical texts are preferred, then texts of nearly equal length.

    Args:
        rows: Items with ``condition``, ``group``, ``block``, ``utterance``, ``text``, ``samples``, and their
            ``sample_rate`` in Hz.
        conditions: All columns of the recipe's grid; at least one.
        control: That of them which others are compared with.
        longest_s: Longest utterance that is preferred to a longer one.
    """
    tally = GridTally(conditions, control)
    for number, row in enumerate(rows):
        tally.take(number, row)
    return tally.found(rows, longest_s)


@dataclass(frozen=True)
class _Spoken:
    """An utterance of a seat: its name, its length and its text as it is compared."""

    name: str
    seconds: float
    text: str


class _Seat:
    """A group's place in a block: under each condition the number of its row, -1 for none, and its utterance."""

    def __init__(self, conditions: int) -> None:
        self.numbers, self.which = array("i", [-1]) * conditions, bytearray(conditions)
        self.spoken: list[_Spoken] = []

    def take(self, turn: int, number: int, row: Row) -> None:
        name = row["utterance"]
        which = next((place for place, one in enumerate(self.spoken) if one.name == name), None)
        if which is None:
            which = min(len(self.spoken), 255)
            self.spoken[which:] = [_Spoken(name, _seconds(row), _said(row))]
        if self.numbers[turn] < 0 or name < self.spoken[self.which[turn]].name:
            self.numbers[turn], self.which[turn] = number, which

    def last(self, turns: Sequence[int]) -> _Spoken | None:
        """What is said under the last of some conditions in which there is anything."""
        found = next((turn for turn in reversed(turns) if self.numbers[turn] >= 0), None)
        return None if found is None else self.spoken[self.which[found]]


class GridTally:
    """Looks for what a page shows of a grid, a row at a time: of rows their numbers are held.

    Args:
        conditions: All columns of the recipe's grid; at least one.
        control: That of them which others are compared with.
    """

    def __init__(self, conditions: Sequence[Condition], control: Condition) -> None:
        self._conditions, self._control = conditions, control
        self._turns = {found.name: turn for turn, found in enumerate(spread_over(conditions, control, MOST_CELLS))}
        self._every, self._groups = set[str](), set[str]()
        self._blocks: dict[int, dict[str, _Seat]] = {}

    def take(self, number: int, row: Row) -> None:
        """Look at a row and its number."""
        group, turn = str(row["group"]), self._turns.get(row["condition"])
        if group not in self._every:
            self._every.add(group)
            self._groups = set(sorted(self._every)[:MOST_GROUPS])  # one that is not among the first never will be
        if turn is None or group not in self._groups:
            return
        seats = self._blocks.setdefault(row["block"], {})
        if group not in seats:
            seats[group] = _Seat(len(self._turns))
        seats[group].take(turn, number, row)

    def found(self, rows: Sequence[Row], longest_s: float = float("inf")) -> Grid:
        """What is shown.

        Args:
            rows: All rows, in the order in which they came.
            longest_s: Longest utterance that is preferred to a longer one.
        """
        groups = sorted(self._groups)
        most = MOST_CELLS // max(1, len(groups))
        shown = _in_order(spread_over(self._conditions, self._control, most), self._conditions)
        turns = [self._turns[condition.name] for condition in shown]
        blocks = {
            block: {group: seat for group, seat in seats.items() if group in self._groups}
            for block, seats in self._blocks.items()
        }
        blocks = {block: seats for block, seats in blocks.items() if any(seat.last(turns) for seat in seats.values())}
        ranked = sorted(blocks, key=lambda block: (*_unlike(blocks[block].values(), turns, longest_s), block))
        items = dict[tuple[str, Lane], Row]()
        for condition, turn in zip(shown, turns, strict=True):
            numbers = [[(g, n) for g, seat in blocks[b].items() if (n := seat.numbers[turn]) >= 0] for b in ranked]
            for group, number in max(numbers, key=len, default=[]):  # the first of the fullest
                items[condition.name, Lane(group)] = rows[number]
        lanes = tuple(map(Lane, groups))
        return Grid(tuple(shown), lanes, items, self._control, len(self._conditions), len(self._every))


def grid_of_utterances(
    rows: Iterable[Row], conditions: Sequence[Condition], control: Condition, wanted: Sequence[str]
) -> Grid:
    """The part of a grid that shows chosen utterances, beside those of the first one's block in the other groups.

    Args:
        rows: As for :func:`grid_of`.
        conditions: As for :func:`grid_of`.
        control: As for :func:`grid_of`.
        wanted: Utterances, all of which have rows.
    """
    known = list(rows)
    of = {row["utterance"]: row for row in known if row["utterance"] in wanted}
    groups = {of[name]["group"] for name in wanted}
    block = of[wanted[0]]["block"]
    lanes = {name: Lane(of[name]["group"], name) for name in wanted}
    for row in known:
        if row["block"] == block and row["group"] not in groups:
            lanes.setdefault(row["utterance"], Lane(row["group"], row["utterance"]))
    kept = list(dict.fromkeys(chain((lanes[name] for name in wanted), sorted(lanes.values(), key=_place))))[
        :MOST_GROUPS
    ]
    shown = _in_order(spread_over(conditions, control, MOST_CELLS // len(kept)), conditions)
    names = {condition.name for condition in shown}
    items = {
        (row["condition"], lanes[row["utterance"]]): row
        for row in known
        if row["condition"] in names and lanes.get(row["utterance"]) in kept
    }
    every = len({row["group"] for row in known})
    return Grid(tuple(shown), tuple(kept), items, control, len(conditions), every)


def _place(lane: Lane) -> tuple[str, str]:
    return lane.group, lane.utterance


def _in_order(some: Iterable[Condition], every: Sequence[Condition]) -> list[Condition]:
    places = {condition.name: turn for turn, condition in enumerate(every)}
    return sorted(some, key=lambda condition: places[condition.name])


def _unlike(seats: Iterable[_Seat], turns: Sequence[int], longest_s: float) -> tuple[int, bool, bool, float]:
    """What speaks against a block: cells that it lacks, its length, different texts, and how its lengths differ."""
    every = list(seats)
    cells = sum(seat.numbers[turn] >= 0 for seat in every for turn in turns)
    one_each = [spoken for seat in every if (spoken := seat.last(turns)) is not None]
    seconds, texts = [spoken.seconds for spoken in one_each], {spoken.text for spoken in one_each}
    return -cells, max(seconds) > longest_s, len(texts) > 1, max(seconds) / min(seconds)


def _said(row: Row) -> str:
    """A text as it is compared: without the difference of upper and lower case, and of spaces."""
    return " ".join(str(row["text"]).casefold().split())


def _seconds(row: Row) -> float:
    return float(row["samples"] / row["sample_rate"])
