"""The items of a plan: what utterances say and what conditions say, joined where somebody asks for a part of it.

A million utterances under a hundred conditions are a hundred million items. Nobody holds them: utterances are a table,
conditions are a few, and who meets which condition follows from the block. Items are made a slice at a time.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from augment.design.assignment import Schedule
from augment.design.chains import Chain
from augment.design.provenance import Provenance, speech_source
from augment.design.voices import voices_of

if TYPE_CHECKING:
    import polars

SLICE = 4096
"""Items that are made at a time, about."""
KEPT = 100_000
"""Items of a plan that is small enough to be kept as a whole, some 100 MB: then nothing is made twice."""
PRIVATE = ("stem", "spoken_licence", "spoken_credit")
"""Columns of :attr:`Items.utterances` that no item has."""


@dataclass(frozen=True, eq=False)
class Items:
    """All items of a plan.

    Attributes:
        utterances: A row for each utterance, in the plan's order: the columns that its items share, and those of
            ``PRIVATE``.
        schedule: Which block meets which conditions.
        chains: What each condition contributes, in the order of the conditions.
        provenance: Licences and credits; None where nobody asks for them.
        columns: Of an item, in order.
        item_key: Makes the key of an item from the hash of what decides its bytes.

    Example:
        >>> import augment
        >>> table = augment.plan("demo").table
        >>> table.height, next(table.slices())["condition"][0], table.of_rows([0]).height
        (384, 'quiet__studio', 8)
    """

    utterances: "polars.DataFrame"
    schedule: Schedule
    chains: Sequence[Chain]
    provenance: Provenance | None
    columns: Sequence[str]
    item_key: Callable[[str], str]

    @property
    def height(self) -> int:
        """How many items there are."""
        return self.utterances.height * self.schedule.each

    @property
    def samples(self) -> int:
        """Of all items together."""
        return int(self.utterances["samples"].sum()) * self.schedule.each

    @cached_property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many items cells have, by condition and group."""
        import polars

        met = self.in_conditions(self._in_turns.group_by("group", "turn").agg(n=polars.len()))
        cells = met.group_by("condition", "group").agg(polars.col("n").sum())
        return {(condition, group): n for condition, group, n in cells.rows()}

    @cached_property
    def voices(self) -> "polars.DataFrame":
        """Words of each speaker in each cell, as :func:`~augment.design.voices.voices_of` counts them."""
        return voices_of(self.in_conditions(voices_of(self._in_turns, "turn")), "condition")

    @property
    def _in_turns(self) -> "polars.DataFrame":
        turn = self.utterances["block"] % self.schedule.period
        return self.utterances.select("group", "speaker", "text", turn.alias("turn"))

    @cached_property
    def frame(self) -> "polars.DataFrame":
        """All of them, one row each: for plans that memory can hold."""
        return self._made(range(self.utterances.height))

    def slices(self, order: Sequence[int] | None = None) -> "Iterator[polars.DataFrame]":
        """All items, about ``SLICE`` at a time; those of an utterance stay together.

        Args:
            order: Numbers of utterances, where they are wanted in another order than the plan's, or not all of them.
        """
        return (items for _, items in self.numbered(order))

    def numbered(self, order: Sequence[int] | None = None) -> "Iterator[tuple[list[int], polars.DataFrame]]":
        """The same as :meth:`slices`, each with the numbers of its items in the plan."""
        each, numbers = self.schedule.each, range(self.utterances.height) if order is None else order
        step = max(1, SLICE // each)
        for start in range(0, len(numbers), step):
            chosen = numbers[start : start + step]
            yield [number * each + turn for number in chosen for turn in range(each)], self.of_rows(chosen)

    def of_rows(self, numbers: Sequence[int]) -> "polars.DataFrame":
        """Items of some utterances.

        Args:
            numbers: Of rows of :attr:`utterances`.
        """
        few = "frame" not in vars(self) and 10 * len(numbers) < self.utterances.height
        if few or self.height > KEPT:
            return self._made(numbers)
        each = self.schedule.each
        return self.frame[[number * each + turn for number in numbers for turn in range(each)]]

    def of_utterance(self, identity: str) -> "polars.DataFrame":
        """Items of an utterance; none if there is no such utterance."""
        return self.of_rows((self.utterances["utterance"] == identity).arg_true().to_list())

    def of_cells(self, cells: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
        """Some items as rows, in the plan's order.

        Args:
            cells: Names of conditions, by utterance.
        """
        wanted = self.utterances["utterance"].is_in(list(cells)).arg_true().to_list()
        for rows in self.slices(wanted):
            yield from (row for row in rows.iter_rows(named=True) if row["condition"] in cells[row["utterance"]])

    def longest_samples(self, conditions: Iterable[str]) -> dict[int, int]:
        """Samples of the longest utterance of each block that meets one of the conditions, by the block's number."""
        import polars

        turns = self.schedule.frame.filter(polars.col("condition").is_in(list(conditions)))["turn"].unique()
        met = self.utterances.filter((polars.col("block") % self.schedule.period).is_in(turns.to_list()))
        return dict(met.group_by("block").agg(polars.col("samples").max()).sort("block").iter_rows())

    def longest(self) -> Iterator[tuple[int, list[str]]]:
        """The longest utterances that all conditions have: their numbers, in the order of their ids, and conditions.

        Of two that are equally long it is the one whose id comes last.
        """
        import polars

        order = self.utterances.with_row_index("number").sort("samples", "utterance", descending=True)
        turns = order.select("number", turn=polars.col("block") % self.schedule.period).unique(
            "turn", keep="first", maintain_order=True
        )
        found: dict[int, list[str]] = {}
        met = set[str]()
        for number, turn in turns.rows():
            for condition in (self.schedule.conditions[c].name for c in self.schedule.of_block(turn)):
                if condition not in met:
                    met.add(condition)
                    found.setdefault(number, []).append(condition)
        yield from sorted(found.items(), key=lambda own: str(self.utterances["utterance"][own[0]]))

    def by_block(self) -> list[int]:
        """Numbers of utterances by their block, as they are rendered together; within a block in the plan's order."""
        numbered = self.utterances.select("block").with_row_index("number")
        return numbered.sort("block", "number")["number"].to_list()

    def in_conditions(self, frame: "polars.DataFrame") -> "polars.DataFrame":
        """Rows of a table with a column ``turn``, once for each condition that blocks of this turn meet."""
        return frame.join(self.schedule.frame, on="turn")

    def _made(self, numbers: Sequence[int]) -> "polars.DataFrame":
        """Items of some utterances; what either side says for all its items is computed once and repeated."""
        import polars

        own = self.utterances[list(numbers)]
        blocks, stems = own["block"].to_list(), own["stem"].to_list()
        speech = [json.dumps(place) for place in _speech_places(own)]
        pairs = [(u, c) for u, block in enumerate(blocks) for c in self.schedule.of_block(block)]
        chains, names = self.chains, [chain.condition.name for chain in self.chains]
        suffix = chains[0].loaded.recipe.output.format
        parts = [self._of_conditions[[c for _, c in pairs]], own.drop(*PRIVATE)[[u for u, _ in pairs]]]
        made = polars.concat(parts, how="horizontal").with_columns(
            _texts("id", [f"{stems[u]}__{names[c]}" for u, c in pairs]),
            _texts("audio_filepath", [f"audio/{names[c]}/{stems[u]}.{suffix}" for u, c in pairs]),
            _texts("dealt", [chains[c].dealt_text(blocks[u]) for u, c in pairs]),
            _texts("key", [self.item_key(chains[c].key(blocks[u], speech[u])) for u, c in pairs]),
            *self._stated(own, [(u, names[c]) for u, c in pairs]),
        )
        return made.select(self.columns)

    def _stated(self, own: "polars.DataFrame", pairs: Sequence[tuple[int, str]]) -> "list[polars.Series]":
        """Licences and credits of items."""
        if self.provenance is None:
            return []
        spoken = [speech_source(*pair) for pair in own.select("spoken_licence", "spoken_credit").rows()]
        blocks = own["block"].to_list()
        stated = [self.provenance.columns(condition, blocks[u], spoken[u]) for u, condition in pairs]
        return [_texts(name, [pair[n] for pair in stated]) for n, name in enumerate(("licence", "credit"))]

    @cached_property
    def _of_conditions(self) -> "polars.DataFrame":
        import polars

        conditions = (chain.condition for chain in self.chains)
        return polars.DataFrame([{"condition": one.name, **dict(one.settings)} for one in conditions])


def _texts(name: str, values: list[str]) -> "polars.Series":
    import polars

    return polars.Series(name, values, dtype=polars.String)


def _speech_places(utterances: "polars.DataFrame") -> Iterator[list[str | None]]:
    """The part of an utterance's cells that decides samples."""
    for *place, channel in utterances.select(
        "source_sha256", "source_offset", "source_duration", "source_channel"
    ).rows():
        yield place if channel is None else [*place, channel]
