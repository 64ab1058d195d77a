"""The verbs of the product, as functions."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.acoustics import Signal
from augment.acoustics.pcm import headroom_gain, quantise
from augment.corpus.audit import SAMPLE, Audit
from augment.corpus.audit import audit as audit_corpus
from augment.corpus.spec import CorpusSpec
from augment.corpus.speech import Progress, inspect
from augment.corpus.table import read_corpus
from augment.design.assignment import schedule
from augment.design.conditions import conditions, requested_snrs_db
from augment.design.dealing import Dealer, exposures
from augment.design.grid.choices import choices_of
from augment.design.plan import Plan, make_plan
from augment.design.selection import select
from augment.errors import AcoustigridError, DesignError, Fault, nearest
from augment.execute import Lost, executors
from augment.export import exporters
from augment.files.atomic import write_atomically
from augment.files.audio import AudioFormat, encode
from augment.recipe.experiment import DURATION
from augment.recipe.loader import LoadedRecipe, bundled_recipes, load_recipe
from augment.render import Failed, Rendered
from augment.report.detection import asked_text
from augment.report.profile_sound import profile_sound
from augment.report.tables import coverage, measured
from augment.testset.finish import manifest_rows, plan_bytes, write_rest
from augment.testset.folder import COVERAGE, WHERE, Folder, Rows, open_folder
from augment.testset.rehearsal import rehearse
from augment.testset.shard import Done, Job, Shard, Utterance
from augment.testset.shard import render_utterance as render_items
from augment.testset.work import job_of, shards, utterance_of
from augment.verification import verify

__all__ = [
    "BuildResult", "audit", "build", "load_recipe", "plan", "render_utterance", "verify", "write_audit", "write_plan",
]  # fmt: skip

MANIFEST_RATE_HZ = 16000
"""Rate at which recordings are looked at where no recipe says it."""

OnProgress = Callable[[int, float], None]
"""Told after every shard: items done, seconds of audio made."""


@dataclass(frozen=True)
class BuildResult:
    """What a build made.

    Attributes:
        folder: The test set.
        plan: What was planned.
        made: Items in the manifest.
        reused: Items among them that were there before.
        removed: Files that the plan does not have any more.
        failures: Items that could not be made, and why.
        coverage: The accent x condition table, as text.
        measured: What was measured in each condition, as text.
    """

    folder: Path
    plan: Plan
    made: int
    reused: int
    removed: int
    failures: tuple[dict[str, Any], ...]
    coverage: str
    measured: str


def plan(recipe: str | Path | LoadedRecipe, progress: Progress = iter) -> Plan:
    """Plan a test set: decide every item. Nothing is written; one utterance is rendered, as a rehearsal.

    Args:
        recipe: Path of a recipe, name of a bundled one, or a loaded one.
        progress: Wraps what is iterated over, to show how far it is.

    Raises:
        AcoustigridError: What is asked for cannot be done, and why: a RecipeError, CorpusError, ProfileError or
            DesignError.

    Example:
        >>> plan("demo").items.height
        384
    """
    loaded = recipe if isinstance(recipe, LoadedRecipe) else load_recipe(recipe)
    wanted = loaded.recipe
    chosen = choices_of(loaded)
    columns = conditions(loaded, chosen.choices)
    corpus = read_corpus(wanted.corpus, loaded.base)
    try:
        selection = select(corpus, wanted.balance, wanted.seed, wanted.rotated)
    except DesignError as error:
        told = asked_text(corpus, wanted, len(columns))
        raise DesignError([*error.faults, *(Fault("", text) for text in told)]) from None
    rate = wanted.output.sample_rate_hz
    facts, notes = inspect(corpus, selection.frame, rate, progress)
    seconds = [facts[identity].samples / rate for identity in selection.frame["id"]]
    output = (wanted.output.format, rate)
    turns = schedule(columns, wanted.assignment, wanted.budget, seconds, output, wanted.seed)
    dealt = exposures(turns, Dealer(corpus, selection, loaded.library, wanted.seed, rate, wanted.noise.segment_s))
    planned = make_plan(loaded, corpus, turns, selection, dealt, facts, (*chosen.notes, *notes))
    return dataclasses.replace(planned, notes=(*planned.notes, *rehearse(planned)))


def write_plan(planned: Plan, path: str | Path) -> None:
    """Write the items of a plan, the table that a test set has as ``plan.parquet``: whole or not at all.

    Args:
        planned: A plan.
        path: File to write, ``.parquet``; one that is there is replaced.

    Raises:
        AcoustigridError: The name ends otherwise.
        OSError: It cannot be written.

    Example:
        >>> import polars, tempfile
        >>> target = Path(tempfile.mkdtemp()) / "plan.parquet"
        >>> write_plan(plan("demo"), target)
        >>> polars.read_parquet(target)["condition"].n_unique()
        8
    """
    target = Path(path)
    if target.suffix != ".parquet":
        raise AcoustigridError(Fault(str(target), "expected a file name that ends in .parquet"))
    write_atomically(target, plan_bytes(planned))


def audit(
    source: str | Path | LoadedRecipe,
    by: Sequence[str] | None = None,
    sample: int | None = SAMPLE,
    columns: Mapping[str, str] | None = None,
    progress: Progress = iter,
) -> Audit:
    """Audit a corpus: how its groups are labelled and were recorded, and what may spoil a comparison of them.

    Args:
        source: A recipe, by path, name or loaded; or the path of a manifest.
        by: Labels that make the groups; a recipe's own if nobody says otherwise.
        sample: Recordings of each group that are read, chosen by the hash of their ids; None for all, 0 for none.
        columns: Where a manifest has other names: ``{"audio_filepath": "audio"}``; a recipe says so itself.
        progress: Wraps what is iterated over, to show how far it is.

    Raises:
        AcoustigridError: The recipe or the manifest has faults, or the corpus has no such labels.

    Example:
        >>> [group.speakers for group in audit("demo", sample=0).groups]
        [3, 3, 3, 3]
    """
    if not isinstance(source, LoadedRecipe) and _is_manifest(str(source)):
        corpus = read_corpus(CorpusSpec(path=str(source), columns=dict(columns or {})), Path())
        if not by:
            known = f"labels of the corpus: {', '.join(corpus.labels) or 'none'}"
            raise AcoustigridError(Fault(str(source), "which labels make the groups? say so: --by LABEL", known))
        return audit_corpus(corpus, by, MANIFEST_RATE_HZ, sample, progress=progress)
    loaded = source if isinstance(source, LoadedRecipe) else load_recipe(source)
    wanted = loaded.recipe
    corpus = read_corpus(wanted.corpus, loaded.base)
    matched = [label for label in wanted.balance.match if label != DURATION]
    rate, snrs = wanted.output.sample_rate_hz, requested_snrs_db(loaded)
    return audit_corpus(corpus, by or wanted.balance.by, rate, sample, matched, snrs, progress)


def _is_manifest(source: str) -> bool:
    return source not in bundled_recipes() and Path(source).suffix.lower() not in {"", ".yaml", ".yml"}


def write_audit(found: Audit, path: str | Path) -> None:
    """Write the figures, warnings and notes of an audit as JSON: whole or not at all.

    Args:
        found: An audit.
        path: File to write, ``.json``; one that is there is replaced.

    Raises:
        AcoustigridError: The name ends otherwise.
        OSError: It cannot be written.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "audit.json"
        >>> write_audit(audit("demo", sample=0), target)
        >>> json.loads(target.read_text())["utterances"]
        48
    """
    target = Path(path)
    if target.suffix != ".json":
        raise AcoustigridError(Fault(str(target), "expected a file name that ends in .json"))
    write_atomically(target, (json.dumps(dataclasses.asdict(found), indent=2) + "\n").encode())


def build(
    recipe: str | Path | LoadedRecipe | Plan,
    folder: str | Path,
    workers: int = 1,
    replace: bool = False,
    executor: str | None = None,
    on_progress: OnProgress | None = None,
) -> BuildResult:
    """Build a test set. A build that was stopped goes on where it was; finished items are not made again.

    Args:
        recipe: Path of a recipe, name of a bundled one, a loaded one, or a plan.
        folder: Where to; new, empty, or holding this test set.
        workers: Processes; the bytes do not depend on it.
        replace: Allow that finished items of this test set are changed or removed.
        executor: How to run: a file of ``augment/execute``; by the number of workers if not given.
        on_progress: Told how far it is.

    Raises:
        AcoustigridError: It cannot be planned or written. Items that cannot be rendered do not raise: they are in the
            result and in ``failures.jsonl``.
    """
    planned = recipe if isinstance(recipe, Plan) else plan(recipe)
    run = _executor(executor, workers)
    path = Path(folder)
    keys = dict(planned.items.select("audio_filepath", "key").rows())
    with open_folder(path, planned.loaded.recipe.name, keys, replace) as opened:
        _write_where(opened, planned)
        job = job_of(planned.loaded, planned.conditions, path)
        work = shards(planned, opened.finished)
        if work or opened.stale:
            opened.reopen()
        tell = on_progress or (lambda items, seconds: None)
        tell(len(opened.finished), 0.0)
        rows, failures = dict(opened.finished), list[dict[str, Any]]()
        for done in _run(run, job, work, workers):
            rows |= {row["audio_filepath"]: row for row in done.rows}
            failures += done.failures
            tell(len(done.rows) + len(done.failures), done.seconds)
        return _finish(opened, planned, rows, failures)


def _finish(opened: Folder, planned: Plan, rows: Rows, failures: list[dict[str, Any]]) -> BuildResult:
    opened.remove_stale()
    manifest = manifest_rows(planned, rows)
    grid = coverage(planned, rows)
    extra = {module.FILE: module.export(manifest) for module in exporters().values()}
    write_rest(opened, planned, manifest, failures, {**extra, COVERAGE: f"{grid}\n".encode()})
    opened.forget_parts()
    counts = (len(manifest), len(opened.finished), len(opened.stale))
    return BuildResult(opened.path, planned, *counts, tuple(failures), grid, measured(manifest))


def _executor(name: str | None, workers: int) -> Any:
    if workers < 1:
        raise AcoustigridError(Fault("workers", f"expected 1 or more, found {workers}"))
    chosen = name or ("serial" if workers == 1 else "processes")
    known = executors()
    if chosen not in known:
        raise AcoustigridError(Fault("executor", f"there is no executor '{chosen}'", nearest(chosen, list(known))))
    return known[chosen].run


def _run(run: Any, job: Job, shards: Sequence[Shard], workers: int) -> Iterator[Done]:
    """Results of all shards; a shard that kills its workers is tried once more, one utterance at a time."""
    lost: list[Utterance] = []
    for outcome in run(job, shards, workers):
        if isinstance(outcome, Lost):
            lost += outcome.task.utterances
        else:
            yield outcome
    for outcome in run(job, [Shard((utterance,)) for utterance in lost], 1 if workers == 1 else 2) if lost else ():
        if not isinstance(outcome, Lost):
            yield outcome
            continue
        done = Done([], [], 0.0)
        for utterance in outcome.task.utterances:
            for item in utterance.items:
                done.fail(utterance, item, f"the worker died {outcome.tries} times while it made this utterance")
        yield done


def _write_where(opened: Folder, planned: Plan) -> None:
    """Note for `verify` where the sources are on this machine; no part of the test set."""
    where = {"recipe_folder": str(planned.loaded.base.resolve())}
    write_atomically(opened.state / WHERE, json.dumps(where).encode())


def render_utterance(planned: Plan, utterance: str) -> dict[str, Rendered]:
    """Render one utterance of a plan, with its stems, without writing anything.

    Args:
        planned: A plan.
        utterance: Id of a chosen utterance.

    Returns:
        For each condition: the samples, the scene at the microphone and the scene in the file.

    Raises:
        AcoustigridError: There is no such utterance in the plan, or an item cannot be rendered.

    Example:
        >>> planned = plan("demo")
        >>> items = render_utterance(planned, planned.items["utterance"][0])
        >>> round(items["scanner_5db__studio"].measured["snr_db"], 2)
        5.0
    """
    rows = planned.items.filter(planned.items["utterance"] == utterance).rows(named=True)
    if not rows:
        known = planned.items["utterance"].unique().to_list()
        raise AcoustigridError(Fault("", f"the plan has no utterance '{utterance}'", nearest(utterance, known)))
    made: dict[str, Rendered] = {}
    job = job_of(planned.loaded, planned.conditions, Path())
    for outcome in render_items(job, utterance_of(rows, planned.corpus.folder)):
        if isinstance(outcome, Failed):
            raise AcoustigridError(Fault(f"{utterance} under {outcome.condition.name}", outcome.reason))
        made[outcome.condition.name] = outcome
    return made


def render_profile(
    name: str, out: str | Path, seconds: float = 10.0, sample_rate_hz: int = 16000, seed: int = 1
) -> str:
    """Write a noise profile to a file, at -26 dBov; of a microphone or a room, its impulse response.

    Args:
        name: A bundled profile, or the path of one's own.
        out: File to write, ``.wav`` or ``.flac``.
        seconds: Length of a noise.
        sample_rate_hz: Rate of the file.
        seed: Another seed, another stretch.

    Returns:
        What was written, in one line.

    Raises:
        AcoustigridError: There is no such profile, it is faulty, or the file cannot be written.
    """
    path = Path(out)
    formats: dict[str, AudioFormat] = {".wav": "wav", ".flac": "flac"}
    if path.suffix.lower() not in formats:
        raise AcoustigridError(Fault(str(path), "expected a file name that ends in .wav or .flac"))
    samples, said = profile_sound(name, seconds, sample_rate_hz, seed)
    pcm, _ = quantise(samples * headroom_gain(samples))
    write_atomically(path, encode(pcm, sample_rate_hz, formats[path.suffix.lower()]))
    return f"{path}: {said}, {pcm.size / sample_rate_hz:.2f} s at {sample_rate_hz} Hz"


def stems(rendered: Rendered) -> dict[str, Signal]:
    """The stems of an item as they are in its file: ``speech``, ``noise``, ``noise2`` ..., each of shape (n,)."""
    scene = rendered.delivered
    named = {"noise" if n == 1 else f"noise{n}": stem for n, stem in enumerate(scene.noises, start=1)}
    return {"speech": scene.speech.signal(), **{name: stem.signal() for name, stem in named.items()}}
