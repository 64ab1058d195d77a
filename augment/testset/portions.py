"""From a plan to the work that its items are."""

import itertools
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

from augment.acoustics.channels import channel_of
from augment.dealt import read_dealt
from augment.design.conditions import Condition
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


def utterances(planned: Plan, finished: Container[str]) -> Iterator[Utterance]:
    """Work to do: for each utterance, the items that are not there yet."""
    todo = (row for row in planned.items.rows(named=True) if row["audio_filepath"] not in finished)
    for _, rows in itertools.groupby(todo, key=lambda row: str(row["utterance"])):
        yield utterance_of(list(rows), planned.corpus.folder)


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


def shards(planned: Plan, finished: Container[str], workers: int = 1) -> list[Shard]:
    """Work of a plan that is not finished, in portions; each holds whole blocks, where they are not too large.

    Args:
        planned: The plan.
        finished: ``audio_filepath`` of items that are there.
        workers: How many will do it: each has several portions, so that all are done at about the same time.
    """
    todo = sorted(utterances(planned, finished), key=lambda utterance: utterance.block)
    rate_hz = planned.loaded.recipe.output.sample_rate_hz
    share = sum(len(utterance.items) for utterance in todo) // (SHARDS_PER_WORKER * workers)
    wanted = min(max(share, SMALLEST), LARGEST)
    found: list[Shard] = []
    waiting: list[Utterance] = []
    items, seconds = 0, 0.0
    for utterance in todo:
        full = items >= wanted or seconds >= LONGEST_S
        too_full = items >= 2 * LARGEST or seconds >= 2 * LONGEST_S
        if waiting and (too_full or (full and waiting[-1].block != utterance.block)):
            found.append(Shard(tuple(waiting)))
            waiting, items, seconds = [], 0, 0.0
        waiting.append(utterance)
        items += len(utterance.items)
        seconds += len(utterance.items) * utterance.samples / rate_hz
    return [*found, Shard(tuple(waiting))] if waiting else found
