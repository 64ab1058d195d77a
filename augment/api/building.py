"""Making a test set."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from augment.api.describing import described
from augment.api.exporting import known_formats, write_formats
from augment.api.planning import plan
from augment.api.testset import TestSet, open
from augment.api.working import refuse_blind_makers, tried_here
from augment.bounds import MOST_ITEMS
from augment.corpus.survey import Trying
from augment.design.plan import Plan
from augment.errors import AcoustigridError, Fault, counted
from augment.execute import Lost, Way, opened_way
from augment.export import Exporter
from augment.files.location import Location, joined, lies_in, location
from augment.files.store import Store
from augment.files.walk import STATE
from augment.plain_text import visible
from augment.progress import SILENT, Progress
from augment.recipe.loader import RecipeLike
from augment.report.brief import plan_record
from augment.report.tables import Overview
from augment.showing import Presented
from augment.testset.completion import write_manifest, write_rest
from augment.testset.folder import WHERE
from augment.testset.identity import built_identity
from augment.testset.parts import PlannedKeys
from augment.testset.portions import Work, job_of, shards
from augment.testset.preload import load_renderer
from augment.testset.resume import Folder, open_folder, refuse_no_set
from augment.testset.shard import Done, Shard, ShardWriter, Utterance
from augment.testset.softer import Softer

if TYPE_CHECKING:
    import polars

RENDERING = "rendering"
"""The step in which items are made, and found there."""


@dataclass(frozen=True, eq=False)
class BuildResult(Presented):
    """What a build made; the finished set itself is its ``testset``.

    Attributes:
        folder: The test set: a path, or a place in an object store.
        plan: What was planned.
        made: Items in the manifest.
        reused: Items among them that were there before.
        removed: Number of files that were removed since they are no longer in the plan.
        failures: Items that could not be made, and why.
        overview: Its tables, as frames and as texts.
        outdated: Formats whose exports were removed because they were made from another state of the test set.
        identity: One hash of the whole set, to be published with it; ``verify`` compares it.
        softer: Items that were made softer as a whole to avoid clipping.

    Example: see :func:`augment.build`.
    """

    folder: Location
    plan: Plan
    made: int
    reused: int
    removed: int
    failures: tuple[dict[str, Any], ...]
    overview: Overview
    outdated: tuple[str, ...]
    identity: str
    softer: Softer

    @cached_property
    def testset(self) -> TestSet:
        """The finished set.

        Raises:
            TestSetError: It is no longer there, or not as it was built.
        """
        return open(self.folder)

    def __repr__(self) -> str:
        failed = f", {counted(len(self.failures), 'failure')}" if self.failures else ""
        return f"<BuildResult in '{visible(str(self.folder))}': {counted(self.made, 'item')}{failed}>"

    @property
    def coverage(self) -> "polars.DataFrame":
        """Files in each cell: a row for each condition, a column for each group."""
        return self.overview.coverage.made

    @property
    def measured(self) -> "polars.DataFrame":
        """What was measured in each condition, as means; see :attr:`augment.TestSet.measured`."""
        return self.overview.measured.mean

    @property
    def record(self) -> dict[str, Any]:
        """All of it as a program is told."""
        return {
            **plan_record(self.plan),
            "folder": str(self.folder),
            "made": self.made,
            "reused": self.reused,
            "removed": self.removed,
            "failures": list(self.failures),
            "outdated": list(self.outdated),
            "made_softer_against_clipping": self.softer.as_identity(),
            "identity": self.identity,
        }


def build(
    recipe: RecipeLike | Plan,
    folder: str | Location,
    workers: int | Way = 1,
    replace: bool = False,
    executor: str | None = None,
    progress: Progress = SILENT,
    formats: Sequence[str] = (),
    cache: bool = True,
    base: str | Location | None = None,
    address: str | None = None,
) -> BuildResult:
    """Build a test set. A build that was stopped resumes where it was; finished items are not made again.

    Args:
        recipe: Path of a recipe, name of a bundled one, a dict, a loaded one, or a plan.
        folder: Where to build it: a folder, or a place in an object store such as ``s3://bucket/ward``, that is new,
            empty, or holds this test set.
        workers: Number of processes, or an open executor; the bytes do not depend on it.
        replace: Allow finished items of this test set to be changed or removed.
        executor: How to run: a file of ``augment/execute``; if not given, the number of workers decides.
        progress: Told how far it has got.
        formats: Other tools' formats to export the finished set to; see :func:`write_formats`.
        cache: As for :func:`plan`.
        base: As for :func:`plan`; a plan has its own.
        address: Where the workers are, for an executor that reaches other machines: ``auto`` or ``HOST:PORT`` of a Ray
            cluster.

    Raises:
        AcoustigridError: It cannot be planned or written. Items that cannot be rendered do not raise: they are listed
            in the result and in ``failures.jsonl``.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> result = build("demo", Path(tempfile.mkdtemp()) / "demo")
        >>> result.made, result.testset.groups
        (384, ('American', 'Caribbean', 'English', 'Scottish'))
    """
    refuse_no_set(location(folder))
    with opened_way(executor, workers, load_renderer, address) as way:
        planned = recipe if isinstance(recipe, Plan) else plan(recipe, progress, way, cache, base)
        return _build(planned, folder, way, replace, progress, formats)


def _build(
    planned: Plan,
    folder: str | Location,
    way: Way,
    replace: bool,
    progress: Progress,
    formats: Sequence[str],
) -> BuildResult:
    chosen = known_formats(formats)
    with opened_for(planned, location(folder), replace, progress, tuple(chosen)) as opened:
        write_where(opened.sealed, planned)
        refuse_blind_makers(way, opened.sealed, planned)
        writer = ShardWriter(opened.sealed, job_of(planned.loaded, planned.conditions))
        work = shards(Work.of(planned), opened.finished, way.workers)
        if len(opened.finished) < planned.table.height or opened.stale:
            opened.reopen()
        failures = list[dict[str, Any]]()
        with progress.step(RENDERING, planned.table.height, "item", opened.reused) as step:
            for done in render_shards(way, writer, work):
                opened.finished.put(done.part, opened.keys.numbers(done.names), done.starts)
                failures += done.failures
                step.advance(len(done.names) + len(done.failures), done.seconds)
        result = finish_set(opened, planned, failures, progress, partial(tried_here, way))
    return exported_too(result, chosen, progress)


@contextmanager
def opened_for(
    planned: Plan, path: Location, replace: bool, progress: Progress, formats: Sequence[str] = ()
) -> Iterator[Folder]:
    """The folder of a test set, held under its lock, for what a plan makes.

    Args:
        planned: The plan.
        path: The folder.
        replace: As for :func:`build`.
        progress: Told what is going on.
        formats: Exports that are to be written to it later.

    Raises:
        AcoustigridError: It cannot be built there.
    """
    _refuse_key_in(path, planned)
    if planned.table.height > MOST_ITEMS:
        message = f"the set would have {planned.table.height:,} items; at most {MOST_ITEMS:,} can be read again"
        raise AcoustigridError(Fault(str(path), message, "make several sets, or plan fewer conditions or utterances"))
    with ExitStack() as stack:
        with progress.step("looking for finished items"):
            there = open_folder(path, planned.loaded.recipe.name, PlannedKeys.of(planned.table), replace, formats)
            opened = stack.enter_context(there)
        yield opened


def finish_set(
    opened: Folder, planned: Plan, failures: list[dict[str, Any]], progress: Progress, trying: Trying = map
) -> BuildResult:
    """Write everything beside the audio.

    Args:
        opened: The folder.
        planned: What was planned.
        failures: Items that could not be made.
        progress: Told what is going on.
        trying: Where its noises are listened to.
    """
    with progress.step("finishing: manifest, data sheet, checksums"):
        opened.remove_stale(failure["audio_filepath"] for failure in failures)
        rows = write_manifest(opened, planned)
        found = described(planned, rows, len(failures), opened.sealed.read, trying)
        outdated = write_rest(opened, planned, rows, failures, found.identity, found.files)
        opened.forget_parts()
        counts, whole = (len(rows), opened.reused, len(opened.stale)), built_identity(opened.sealed, rows)
    return BuildResult(
        opened.sealed.path, planned, *counts, tuple(failures), found.tables, outdated, whole, found.told.softer
    )


def exported_too(result: BuildResult, formats: Mapping[str, Exporter], progress: Progress) -> BuildResult:
    """Export a set that was just finished; exports of an earlier state that are made anew are not outdated."""
    if formats:
        write_formats(result.folder, tuple(formats), progress)
    return dataclasses.replace(result, outdated=tuple(name for name in result.outdated if name not in formats))


def _refuse_key_in(folder: Location, planned: Plan) -> None:
    """The key of the pseudonyms must not be in the test set's folder, which is passed on."""
    written = planned.loaded.recipe.corpus.pseudonyms
    if written is None:
        return
    place = joined(planned.loaded.base, written)
    if lies_in(place, folder):
        raise AcoustigridError(
            Fault(str(place), "the key of corpus.pseudonyms lies in the test set", "keep it elsewhere")
        )


def render_shards(way: Way, writer: ShardWriter, shards: Iterable[Shard]) -> Iterator[Done]:
    """Results of all shards; one that kills or hangs its workers is tried again, one utterance at a time."""
    lost: list[Utterance] = []
    for outcome in way.run(writer, shards, writer.limit_s):
        if isinstance(outcome, Lost):
            lost += outcome.task.utterances
        else:
            yield outcome
    again = [Shard((utterance,)) for utterance in lost]
    for outcome in way.run(writer, again, writer.limit_s):
        if not isinstance(outcome, Lost):
            yield outcome
            continue
        done = Done("")
        for utterance in outcome.task.utterances:
            for item in utterance.items:
                done.fail(utterance, item, f"the worker {outcome.fate} while it made this utterance")
        yield done


def write_where(sealed: Store, planned: Plan) -> None:
    """Note for `verify` where the sources are on this machine; no part of the test set."""
    where = {"recipe_folder": str(planned.loaded.base.resolve())}
    sealed.replace(f"{STATE}/{WHERE}", json.dumps(where).encode())
