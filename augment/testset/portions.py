"""From a plan to the work that its items are."""

import itertools
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from augment.acoustics.channels import channel_of
from augment.dealt import read_dealt
from augment.design.conditions import Condition
from augment.design.items import Items
from augment.design.plan import Plan
from augment.files.location import Location, joined
from augment.recipe.loader import LoadedRecipe
from augment.render import RenderSpec
from augment.testset.shard import Item, Job, Shard, Utterance

SMALLEST, LARGEST = 16, 256
"""Items of a shard: each costs a few calls that wait for the disk, and is lost when a build is stopped in it."""
SHARDS_PER_WORKER = 8
LONGEST_S = 900.0
"""Audio of a shard."""


def job_of(loaded: LoadedRecipe, conditions: Iterable[Condition]) -> Job:
    """What all shards of a build have in common."""
    recipe = loaded.recipe
    spec = RenderSpec(
        recipe.seed, recipe.output.sample_rate_hz, recipe.speech.level_dbov, recipe.snr_definition(), loaded.library,
        recipe.speech.loudness_dbspl(), recipe.speech.talker_m, recipe.speech.effort,
    )  # fmt: skip
    named = {condition.name: condition for condition in conditions}
    return Job(recipe.output.format, spec, named)


WORK_COLUMNS = (
    "condition", "audio_filepath", "key", "dealt", "utterance", "block", "samples", "source_audio", "source_channel",
    "source_offset", "source_duration", "source_sha256",
)  # fmt: skip
"""Columns of items that :func:`utterance_of` asks for."""


@dataclass(frozen=True)
class Work:
    """What is to be made.

    Attributes:
        table: Items, at least with ``WORK_COLUMNS``.
        root: Folder that the corpus's audio paths start from.
        sample_rate_hz: Of the items.
    """

    table: Items
    root: Location
    sample_rate_hz: int

    @classmethod
    def of(cls, planned: Plan) -> Self:
        """All of a plan."""
        return cls(planned.table, planned.corpus.folder, planned.loaded.recipe.output.sample_rate_hz)

    def utterances(self, finished: Container[int]) -> Iterator[Utterance]:
        """For each utterance, by block, the items that are not there yet.

        Args:
            finished: Numbers of items that are there.
        """
        yield from self.some(self.table.by_block(), finished)

    def some(self, utterances: Sequence[int], finished: Container[int] = ()) -> Iterator[Utterance]:
        """The same for some utterances, by their numbers in the table."""
        for numbers, items in self.table.numbered(utterances):
            rows = zip(numbers, items.iter_rows(named=True), strict=True)
            todo = (row for number, row in rows if number not in finished)
            for _, own in itertools.groupby(todo, key=lambda row: str(row["utterance"])):
                yield utterance_of(list(own), self.root)


def utterance_of(rows: Sequence[dict[str, Any]], root: Location) -> Utterance:
    """The work that rows of a plan stand for.

    Args:
        rows: Rows of one utterance.
        root: Folder that the corpus's audio paths start from.
    """
    first = rows[0]
    offset, duration = first["source_offset"], first["source_duration"]
    return Utterance(
        identity=first["utterance"],
        path=joined(root.resolve(), first["source_audio"]),
        offset_s=None if offset is None else float(offset),
        duration_s=None if duration is None else float(duration),
        channel=channel_of(first["source_channel"]),
        sha256=first["source_sha256"],
        block=first["block"],
        dealt={path: part for row in rows for path, part in read_dealt(row["dealt"]).items()},
        items=tuple(Item(row["condition"], row["audio_filepath"], row["key"]) for row in rows),
        samples=first["samples"],
    )


def shards(work: Work, finished: Collection[int] = (), workers: int = 1) -> Iterator[Shard]:
    """Work that is not finished, in portions; each holds whole blocks, where they are not too large.

    Args:
        work: What is to be made.
        finished: Numbers of items that are there.
        workers: How many will do it: each has several portions, so that all are done at about the same time.
    """
    share = (work.table.height - len(finished)) // (SHARDS_PER_WORKER * workers)
    wanted = min(max(share, SMALLEST), LARGEST)
    waiting: list[Utterance] = []
    items, seconds = 0, 0.0
    for utterance in work.utterances(finished):
        full = items >= wanted or seconds >= LONGEST_S
        too_full = items >= 2 * LARGEST or seconds >= 2 * LONGEST_S
        if waiting and (too_full or (full and waiting[-1].block != utterance.block)):
            yield Shard(tuple(waiting))
            waiting, items, seconds = [], 0, 0.0
        waiting.append(utterance)
        items += len(utterance.items)
        seconds += len(utterance.items) * utterance.samples / work.sample_rate_hz
    if waiting:
        yield Shard(tuple(waiting))
