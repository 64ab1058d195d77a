"""A recipe to listen to before it is built."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.api.planning import plan
from augment.bounds import SLOWEST, STARTUP_S
from augment.design.conditions import Condition, reference_condition
from augment.design.plan import Plan
from augment.errors import AcoustigridError, Fault, StoreError, counted, nearest
from augment.execute import Lost, Way, opened_way
from augment.files.atomic import write_atomically
from augment.files.walk import TEST_SET
from augment.plain_text import visible
from augment.progress import SILENT, Progress, each
from augment.recipe.loader import RecipeLike
from augment.render import Failed
from augment.report.listening.choice import Grid, grid_of, grid_of_utterances
from augment.report.page import HEAD_BYTES, is_page
from augment.report.preview_page import Place, PreviewPage, Sound, preview_page, within
from augment.showing import Presented
from augment.testset.portions import job_of, utterance_of
from augment.testset.preload import load_renderer
from augment.testset.shard import Job, Utterance, render_utterance

Cell = tuple[str, str]
"""Utterance and condition."""
LONGEST_S = 10.0
"""Of an utterance that is preferred to a longer one."""


@dataclass(frozen=True)
class Preview(Presented):
    """A preview that was written.

    Attributes:
        path: The page.
        plan: What was planned.
        page: What it shows.
        failures: What could not be rendered, and why.
    """

    path: Path
    plan: Plan
    page: PreviewPage
    failures: tuple[str, ...]

    def __repr__(self) -> str:
        grid = self.page.grid
        size = f"{counted(len(grid.conditions), 'condition')} x {counted(len(grid.lanes), 'utterance')}"
        failed = f", {len(self.failures)} could not be rendered" if self.failures else ""
        return f"<Preview of '{visible(self.plan.loaded.recipe.name)}' in {visible(str(self.path))}: {size}{failed}>"


@dataclass(frozen=True)
class Renderer:
    """Renders utterances in whatever process it is called.

    Attributes:
        job: How.
    """

    job: Job

    def __call__(self, utterance: Utterance) -> dict[Cell, Sound | str]:
        """For each of its conditions the item, or why there is none."""
        made: dict[Cell, Sound | str] = {}
        try:
            for outcome in render_utterance(self.job, utterance):
                cell = (utterance.identity, outcome.condition.name)
                made[cell] = outcome.reason if isinstance(outcome, Failed) else Sound(outcome.pcm, outcome.measured)
        except StoreError:
            raise
        except AcoustigridError as error:
            return {(utterance.identity, item.condition): str(error) for item in utterance.items}
        return made

    def limit_s(self, utterance: Utterance) -> float:
        """Time after which whoever renders it is taken to hang."""
        return STARTUP_S + SLOWEST * utterance.samples * len(utterance.items) / self.job.spec.sample_rate_hz


def preview(
    recipe: RecipeLike | Plan,
    out: str | Path = "preview.html",
    utterances: Sequence[str] = (),
    conditions: Sequence[str] = (),
    workers: int | Way = 1,
    replace: bool = False,
    progress: Progress = SILENT,
    cache: bool = True,
) -> Preview:
    """Write one page of a recipe's grid to listen to, with spectrograms, before the set is built.

    The page holds its sounds and is below 3 MB: of a large grid it shows the conditions that cover most settings.

    Args:
        recipe: Path of a recipe, name of a bundled one, a dict, a loaded one, or a plan.
        out: The page, ``.html``. Another preview or page of ours is replaced.
        utterances: Ids of utterances to show; by default those of the block that can be compared best.
        conditions: Names of conditions to show; the one that others are compared with stands beside them. By default
            as many as fit.
        workers: Number of processes, or an open executor.
        replace: Replace whatever file is there.
        progress: Told how far it has got.
        cache: As for :func:`plan`.

    Raises:
        AcoustigridError: The recipe cannot be planned, it has no such utterance or condition, nothing can be rendered,
            or the page cannot be written there.

    Example:
        >>> import tempfile
        >>> made = preview("demo", Path(tempfile.mkdtemp()) / "demo.html", conditions=["fan__handset"])
        >>> [condition.name for condition in made.page.grid.conditions]
        ['quiet__studio', 'fan__handset']
    """
    target = Path(out)
    _refuse_place(target, replace)
    with opened_way(None, workers, load_renderer) as way:
        planned = recipe if isinstance(recipe, Plan) else plan(recipe, progress, way, cache)
        grid = within(grid_to_hear(planned, utterances, conditions))
        sounds, failures = heard_of(planned, grid, way, progress)
    if not sounds:
        raise AcoustigridError([Fault("", f"nothing could be rendered: {failure}") for failure in failures])
    with progress.step("writing the page"):
        made = preview_page(planned, grid, sounds, failures)
        write_atomically(target, made.html)
    return Preview(target, planned, made, tuple(failures))


def _refuse_place(target: Path, replace: bool) -> None:
    """Refuse a place where the page would destroy something, or be a stranger in a test set."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise AcoustigridError(Fault(str(target), "expected a file name that ends in .html"))
    if (target.parent / TEST_SET).exists():
        message = "this folder is a test set, whose every file is accounted for"
        raise AcoustigridError(Fault(str(target), message, "choose a place beside it"))
    if replace or not target.exists():
        return
    with target.open("rb") as file:
        if not is_page(file.read(HEAD_BYTES)):
            message = "there is a file that acoustigrid did not write"
            raise AcoustigridError(Fault(str(target), message, "choose another name, or replace it with --replace"))


def grid_to_hear(planned: Plan, utterances: Sequence[str], conditions: Sequence[str]) -> Grid:
    """The part of a plan's grid that is worth hearing; arguments and errors as for :func:`preview`."""
    columns = ["utterance", "group", "block", "text", "samples", "condition"]
    rate_hz = planned.loaded.recipe.output.sample_rate_hz
    rows: list[dict[str, Any]] = [
        {**row, "sample_rate": rate_hz}
        for items in planned.table.slices()
        for row in items.select(columns).iter_rows(named=True)
    ]
    known = {condition.name: condition for condition in planned.conditions}
    wanted, ids = list(dict.fromkeys(utterances)), {row["utterance"] for row in rows}
    faults = [*_unknown("utterance", wanted, ids), *_unknown("condition", conditions, known)]
    if faults:
        raise AcoustigridError(faults)
    control = reference_condition(planned.conditions, planned.loaded)
    shown = _shown(planned.conditions, control, conditions)
    kept = {condition.name for condition in shown}
    rows = [row for row in rows if row["condition"] in kept]
    if wanted:
        return grid_of_utterances(rows, shown, control, wanted).among(len(planned.conditions))
    return grid_of(rows, shown, control, LONGEST_S).among(len(planned.conditions))


def _unknown(what: str, asked: Iterable[str], known: Iterable[str]) -> list[Fault]:
    names = list(known)
    return [Fault("", f"the plan has no {what} '{name}'", nearest(name, names)) for name in asked if name not in names]


def _shown(every: Sequence[Condition], control: Condition, asked: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions asked for, with the control; all, if none is asked for."""
    if not asked:
        return tuple(every)
    return tuple(condition for condition in every if condition.name in asked or condition == control)


def heard_of(planned: Plan, grid: Grid, way: Way, progress: Progress = SILENT) -> tuple[dict[Place, Sound], list[str]]:
    """The sounds of a grid, and why others cannot be rendered."""
    cells = {(row["utterance"], row["condition"]): place for place, row in grid.items.items()}
    work: dict[str, list[dict[str, Any]]] = {}
    wanted: dict[str, list[str]] = {}
    for utterance, condition in cells:
        wanted.setdefault(utterance, []).append(condition)
    for row in planned.table.of_cells(wanted):
        work.setdefault(row["utterance"], []).append(row)
    tasks = [utterance_of(rows, planned.corpus.folder) for rows in work.values()]
    sounds, failures = dict[Place, Sound](), list[str]()
    renderer = Renderer(job_of(planned.loaded, planned.conditions))
    outcomes = way.run(renderer, tasks, renderer.limit_s)
    for outcome in each(progress, "rendering", outcomes, len(tasks), "utterance"):
        if isinstance(outcome, Lost):
            failures.append(f"{outcome.task.identity}: the worker {outcome.fate} while it made this utterance")
            continue
        for cell, found in outcome.items():
            if isinstance(found, Sound):
                sounds[cells[cell]] = found
            else:
                failures.append(f"{cell[0]} under {cell[1]}: {found}")
    return sounds, sorted(failures)
