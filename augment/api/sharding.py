"""Building a set in shards, by builders that know nothing of one another: a plan first, then shards, then an end."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augment.api.building import (
    RENDERING,
    BuildResult,
    exported_too,
    finish_set,
    opened_for,
    render_shards,
    write_where,
)
from augment.api.exporting import known_formats
from augment.api.planning import plan
from augment.design.plan import Plan
from augment.errors import Fault, TestSetError
from augment.execute import Way, opened_way
from augment.files.location import Location, location
from augment.files.store import Kind
from augment.progress import SILENT, Progress
from augment.recipe.loader import RecipeLike
from augment.testset.completion import stands
from augment.testset.folder import IDENTITY, opened_set, writing
from augment.testset.parts import PlannedKeys
from augment.testset.portions import job_of, shards
from augment.testset.preload import load_renderer
from augment.testset.receipts import Receipt, read_receipts, receipt_text, refuse_missing
from augment.testset.resume import finished_items, refuse_no_set
from augment.testset.shard import ShardWriter
from augment.testset.shared import PlanShard, building_shard, plan_digest, read_about, read_shared, write_shared


@dataclass(frozen=True)
class ShardResult:
    """What came of a shard.

    Attributes:
        shard: Which it is.
        made: Its items that are there.
        reused: Items among them that were there before.
        failures: Items that could not be made, and why.

    Example: see :func:`finish`.
    """

    shard: PlanShard
    made: int
    reused: int
    failures: tuple[dict[str, Any], ...]

    @property
    def record(self) -> dict[str, Any]:
        """As a program is told."""
        counts = {"made": self.made, "reused": self.reused}
        return {"shard": str(self.shard), **counts, "failures": list(self.failures)}


def plan_into(
    recipe: RecipeLike,
    folder: str | Location,
    workers: int | Way = 1,
    replace: bool = False,
    progress: Progress = SILENT,
    cache: bool = True,
    base: str | Location | None = None,
) -> Plan:
    """Plan a test set and write the plan into the set's folder, for those who build its shards.

    All of them must see the folder, the corpus and the noise under the same paths. A finished set in which the plan
    would change nothing stays finished; its shards then have nothing to do.

    Args:
        recipe: As for :func:`plan`.
        folder: As for :func:`build`.
        workers: As for :func:`plan`.
        replace: As for :func:`build`.
        progress: Told how far it has got.
        cache: As for :func:`plan`.
        base: As for :func:`plan`.

    Raises:
        AcoustigridError: It cannot be planned, or not be built there.

    Example: see :func:`finish`.
    """
    path = location(folder)
    refuse_no_set(path)
    planned = plan(recipe, progress, workers, cache, base)
    with opened_for(planned, path, replace, progress) as opened, progress.step("writing the plan"):
        if not stands(opened, planned):
            opened.reopen()
        write_where(opened.sealed, planned)
        write_shared(opened.sealed, planned, replace)
    return planned


def is_finished(folder: str | Location) -> bool:
    """Whether a finished set is in a folder: after :func:`plan_into`, because the plan would change nothing in it.

    Args:
        folder: Of the test set.
    """
    with opened_set(location(folder)) as sealed:
        return sealed.kind(IDENTITY) is Kind.FILE


def build_shard(
    folder: str | Location,
    shard: str | PlanShard,
    workers: int | Way = 1,
    executor: str | None = None,
    progress: Progress = SILENT,
) -> ShardResult:
    """Build one part of a plan that was written by :func:`plan_into`.

    Others may build other shards at the same time. A shard that was stopped goes on when it is built again.

    Args:
        folder: Of the test set.
        shard: Which one: ``3/40`` is the third of forty.
        workers: As for :func:`build`.
        executor: As for :func:`build`.
        progress: Told how far it has got.

    Raises:
        AcoustigridError: There is no such plan, it was made with other code, or the shard is being built already.

    Example: see :func:`finish`.
    """
    path, own = location(folder), shard if isinstance(shard, PlanShard) else PlanShard.read(shard)
    with opened_way(executor, workers, load_renderer) as way, opened_set(path) as sealed:
        read_about(sealed)  # is there a plan? Nothing is written where there is none
        with writing(path), building_shard(sealed, own):
            with progress.step("reading the plan"):
                shared = read_shared(sealed)
            with progress.step("looking for finished items"):
                work = shared.work(own)
                finished = finished_items(sealed, PlannedKeys.of(work.table), own.is_of_another)
            writer = ShardWriter(sealed, job_of(shared.loaded, shared.schedule.conditions), own.parts, own.scratch)
            made, failures = len(finished), list[dict[str, Any]]()
            with progress.step(RENDERING, work.table.height, "item", made) as step:
                for done in render_shards(way, writer, shards(work, finished, way.workers)):
                    made += len(done.names)
                    failures += done.failures
                    step.advance(len(done.names) + len(done.failures), done.seconds)
            sealed.replace(own.receipt, receipt_text(Receipt(shared.digest, str(own), failures)))
    return ShardResult(own, made, len(finished), tuple(failures))


def finish(
    folder: str | Location,
    workers: int | Way = 1,
    progress: Progress = SILENT,
    formats: Sequence[str] = (),
    cache: bool = True,
) -> BuildResult:
    """Join what was built in shards to a finished test set: the very one that :func:`build` would have made.

    The plan is made again and compared with the one that was written, so that notes and data sheet are those of what is
    there now.

    Args:
        folder: Of the test set.
        workers: As for :func:`plan`.
        progress: Told how far it has got.
        formats: As for :func:`build`.
        cache: As for :func:`plan`.

    Raises:
        AcoustigridError: There is no such plan, corpus or noise are others than when it was made, or items are missing.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/demo"
        >>> plan_into("demo", folder)
        <Plan 'demo': 4 groups x 8 conditions, 384 items, 0.30 h>
        >>> sum(build_shard(folder, f"{number}/2").made for number in (1, 2))
        384
        >>> finish(folder).made
        384
    """
    path, chosen = location(folder), known_formats(formats)
    with opened_set(path) as sealed, progress.step("reading the plan"):
        shared = read_shared(sealed)
    planned = plan(shared.loaded, progress, workers, cache)
    if shared.digest != plan_digest(planned):
        message = "corpus, noise or settings are not what they were when this was planned"
        raise TestSetError(Fault(str(path), message, "plan it again: shards that would be the same are kept"))
    with opened_for(planned, path, shared.replace, progress, tuple(chosen)) as opened:
        failures = refuse_missing(opened, planned, read_receipts(opened.sealed, shared.digest))
        write_where(opened.sealed, planned)
        result = finish_set(opened, planned, failures, progress)
    made_here = dataclasses.replace(result, reused=0)  # whatever was there was made for this
    return exported_too(made_here, chosen, progress)
