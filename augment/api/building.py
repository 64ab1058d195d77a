"""Making a test set."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.api.exporting import known_formats, write_formats
from augment.api.planning import plan
from augment.api.sounds import ReadBytes, sound_of
from augment.design.plan import Plan
from augment.errors import AcoustigridError, Fault
from augment.execute import Lost, Way, opened_way
from augment.export.csv import table as csv_table
from augment.files.walk import STATE
from augment.recipe.loader import LoadedRecipe
from augment.report.croissant import croissant, words_in
from augment.report.datasheet import datasheet
from augment.report.datasheet_page import datasheet_page
from augment.report.listening.of_set import SetSounds
from augment.report.pictures.of_set import SetPictures
from augment.report.tables import in_order, overview
from augment.testset.completion import identity_of, manifest_rows, write_rest
from augment.testset.figures import set_figures
from augment.testset.folder import COVERAGE, CROISSANT, CSV, DATASHEET, FIGURES, PAGE, WHERE, Rows
from augment.testset.identity import built_identity
from augment.testset.portions import job_of, shards
from augment.testset.preload import load_renderer
from augment.testset.resume import Folder, open_folder
from augment.testset.shard import Done, Shard, ShardWriter, Utterance
from augment.testset.softer import Softer, made_softer

OnProgress = Callable[[int, float], None]
"""Called after every shard with the items done and the seconds of audio made."""


@dataclass(frozen=True)
class BuildResult:
    """What a build made.

    Attributes:
        folder: The test set.
        plan: What was planned.
        made: Items in the manifest.
        reused: Items among them that were there before.
        removed: Number of files that were removed since they are no longer in the plan.
        failures: Items that could not be made, and why.
        coverage: The accent x condition table, as text.
        measured: What was measured in each condition, as text.
        outdated: Formats whose exports were removed because they were made from another state of the test set.
        identity: One hash of the whole set, to be published with it; ``verify`` compares it.
        softer: Items that were made softer as a whole to avoid clipping.
    """

    folder: Path
    plan: Plan
    made: int
    reused: int
    removed: int
    failures: tuple[dict[str, Any], ...]
    coverage: str
    measured: str
    outdated: tuple[str, ...]
    identity: str
    softer: Softer


def build(
    recipe: str | Path | LoadedRecipe | Plan,
    folder: str | Path,
    workers: int | Way = 1,
    replace: bool = False,
    executor: str | None = None,
    on_progress: OnProgress | None = None,
    formats: Sequence[str] = (),
    cache: bool = True,
) -> BuildResult:
    """Build a test set. A build that was stopped resumes where it was; finished items are not made again.

    Args:
        recipe: Path of a recipe, name of a bundled one, a loaded one, or a plan.
        folder: Where to build it: a folder that is new, empty, or holds this test set.
        workers: Number of processes, or an open executor; the bytes do not depend on it.
        replace: Allow finished items of this test set to be changed or removed.
        executor: How to run: a file of ``augment/execute``; if not given, the number of workers decides.
        on_progress: Called with the progress.
        formats: Other tools' formats to export the finished set to; see :func:`write_formats`.
        cache: As for :func:`plan`.

    Raises:
        AcoustigridError: It cannot be planned or written. Items that cannot be rendered do not raise: they are listed
            in the result and in ``failures.jsonl``.
    """
    with opened_way(executor, workers, load_renderer) as way:
        planned = recipe if isinstance(recipe, Plan) else plan(recipe, workers=way, cache=cache)
        return _build(planned, folder, way, replace, on_progress, formats)


def _build(
    planned: Plan,
    folder: str | Path,
    way: Way,
    replace: bool,
    on_progress: OnProgress | None,
    formats: Sequence[str],
) -> BuildResult:
    chosen = known_formats(formats)
    path = Path(folder)
    _refuse_key_in(path, planned)
    keys = dict(planned.items.select("audio_filepath", "key").rows())
    with open_folder(path, planned.loaded.recipe.name, keys, replace, tuple(chosen)) as opened:
        _write_where(opened, planned)
        writer = ShardWriter(opened.sealed, job_of(planned.loaded, planned.conditions))
        work = shards(planned, opened.finished, way.workers)
        if work or opened.stale:
            opened.reopen()
        tell = on_progress or (lambda items, seconds: None)
        tell(len(opened.finished), 0.0)
        rows, failures = dict(opened.finished), list[dict[str, Any]]()
        for done in _run(way, writer, work):
            rows |= {row["audio_filepath"]: row for row in done.rows}
            failures += done.failures
            tell(len(done.rows) + len(done.failures), done.seconds)
        result = _finish(opened, planned, rows, failures)
    if chosen:
        write_formats(path, tuple(chosen))
    return dataclasses.replace(result, outdated=tuple(name for name in result.outdated if name not in chosen))


def _finish(opened: Folder, planned: Plan, rows: Rows, failures: list[dict[str, Any]]) -> BuildResult:
    opened.remove_stale(failure["audio_filepath"] for failure in failures)
    manifest = manifest_rows(planned, rows)
    tables = overview(planned, manifest)
    identity, beside = _described(planned, manifest, len(failures), tables, opened.sealed.read)
    outdated = write_rest(opened, planned, manifest, failures, identity, beside)
    opened.forget_parts()
    counts = (len(manifest), len(opened.finished), len(opened.stale))
    whole = built_identity(opened.sealed, manifest)
    return BuildResult(
        opened.sealed.path, planned, *counts, tuple(failures), *tables, outdated, whole, made_softer(manifest)
    )


def described_by(
    planned: Plan, rows: Rows, failures: Sequence[Mapping[str, Any]], read: ReadBytes
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, bytes]]:
    """What a test set says about itself.

    Args:
        planned: What was planned.
        rows: What is known about finished items, by their ``audio_filepath``.
        failures: Items that could not be made.
        read: Reads a file of the set.

    Returns:
        Rows of its manifest, its ``testset.json`` without checksums, and the files that are made from these two.
    """
    manifest = manifest_rows(planned, rows)
    return manifest, *_described(planned, manifest, len(failures), overview(planned, manifest), read)


def _described(
    planned: Plan, manifest: list[dict[str, Any]], failed: int, tables: tuple[str, str], read: ReadBytes
) -> tuple[dict[str, Any], dict[str, bytes]]:
    identity = identity_of(planned, manifest, failed)
    table = csv_table(manifest)
    sheet = datasheet(planned, identity, manifest, tables)
    ordered, figures = in_order(planned, manifest), set_figures(planned)
    sounds = SetSounds(ordered, planned.conditions, words_in(identity), sound_of(read))
    return identity, {
        COVERAGE: f"{tables[0]}\n".encode(),
        CSV: table,
        DATASHEET: sheet.encode(),
        FIGURES: figures.written(),
        PAGE: datasheet_page(sheet, sounds, SetPictures(ordered, figures, identity["balance"])),
        CROISSANT: croissant(identity, manifest, (CSV, table), planned.loaded.recipe.output.format),
    }


def _refuse_key_in(folder: Path, planned: Plan) -> None:
    """The key of the pseudonyms must not be in the test set's folder, which is passed on."""
    written = planned.loaded.recipe.corpus.pseudonyms
    if written is not None and (planned.loaded.base / written).resolve().is_relative_to(folder.resolve()):
        place = str(planned.loaded.base / written)
        raise AcoustigridError(Fault(place, "the key of corpus.pseudonyms lies in the test set", "keep it elsewhere"))


def _run(way: Way, writer: ShardWriter, shards: Sequence[Shard]) -> Iterator[Done]:
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
        done = Done([], [], 0.0)
        for utterance in outcome.task.utterances:
            for item in utterance.items:
                done.fail(utterance, item, f"the worker {outcome.fate} while it made this utterance")
        yield done


def _write_where(opened: Folder, planned: Plan) -> None:
    """Note for `verify` where the sources are on this machine; no part of the test set."""
    where = {"recipe_folder": str(planned.loaded.base.resolve())}
    opened.sealed.replace(f"{STATE}/{WHERE}", json.dumps(where).encode())
