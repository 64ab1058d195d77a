"""Deciding every item of a test set."""

import dataclasses
from pathlib import Path

from augment.api.corpus import READING
from augment.api.working import opened_measuring
from augment.corpus.survey import MeasuredBy, facts_notes
from augment.corpus.table import Corpus
from augment.corpus.unusable import usable_corpus
from augment.dealt import Stock
from augment.design.assignment import Demands, Schedule, schedule
from augment.design.conditions import Condition, conditions, equal_notes
from augment.design.grid.choices import Choices, choices_of
from augment.design.listeners import Listeners
from augment.design.noises import inspect_noises
from augment.design.notes import remarks_on
from augment.design.plan import Plan, make_plan
from augment.design.seating import seated
from augment.design.selection import Selection
from augment.design.usable import Heard, usable
from augment.errors import AcoustigridError, DesignError, Fault
from augment.execute import Way
from augment.files.atomic import write_atomically
from augment.files.location import Location
from augment.notes import Effect, Note
from augment.progress import SILENT, Progress
from augment.recipe.loader import LoadedRecipe, RecipeLike, load_recipe
from augment.recipe.model import Recipe
from augment.report.detection import asked_text
from augment.testset.outgoing import plan_pieces
from augment.testset.rehearsal import rehearse


def plan(
    recipe: RecipeLike,
    progress: Progress = SILENT,
    workers: int | Way = 1,
    cache: bool = True,
    base: str | Location | None = None,
) -> Plan:
    """Plan a test set: decide every item. Nothing is written; one utterance is rendered as a rehearsal.

    Args:
        recipe: Path of a recipe, name of a bundled one, a dict, or a loaded one.
        progress: Told how far it has got.
        workers: Number of processes that measure speech, listen to noise and try conditions, or an open executor; the
            plan does not depend on it.
        cache: Whether to use, and add to, the measurements in the user's cache folder.
        base: Folder that paths in the recipe start from, as for :func:`load_recipe`.

    Raises:
        AcoustigridError: What is asked for cannot be done: a RecipeError, CorpusError, ProfileError or DesignError says
            why.

    Example:
        >>> plan("demo").items.height
        384
    """
    with progress.step("reading the recipe"):
        loaded = load_recipe(recipe, base)
    with opened_measuring(workers, cache) as by:
        return _planned(loaded, progress, by)


def _planned(loaded: LoadedRecipe, progress: Progress, by: MeasuredBy) -> Plan:
    wanted = loaded.recipe
    with progress.step("choosing conditions"):
        chosen = choices_of(loaded)
        columns = conditions(loaded, chosen.choices)
    with progress.step(READING):
        corpus = usable_corpus(wanted.corpus, loaded.base, wanted.balance.by, loaded.text)
    demands = Demands(len(columns), wanted.assignment, wanted.budget)
    try:
        corpus, selection, heard = usable(corpus, wanted, demands, progress, by)
    except DesignError as error:
        raise DesignError(error.faults, [*error.notes, *asked_text(corpus, wanted, len(columns))]) from None
    with progress.step("dealing conditions"):
        selection, turns = _seated(wanted, selection, heard, columns)
    inspect_noises(columns, loaded.library, by, progress)
    with progress.step("dealing noise"):
        planned = _dealt(loaded, corpus, selection, turns, heard, chosen)
    tried = rehearse(planned, by, progress)
    rooms = (Note(text, Effect.LABEL, text) for text in tried.rooms)
    told = (*rooms, *remarks_on(columns, loaded, tried.remarks))
    return dataclasses.replace(planned, notes=(*planned.notes, *told))


def _seated(
    wanted: Recipe, selection: Selection, heard: Heard, columns: tuple[Condition, ...]
) -> tuple[Selection, Schedule]:
    """Chosen utterances in their blocks, and which conditions each block meets."""
    rate = wanted.output.sample_rate_hz
    lasts = {identity: found.samples / rate for identity, found in heard.facts.items()}
    selection = selection.measured(lasts, wanted.balance)
    seconds = [lasts[identity] for identity in selection.frame["id"]]
    output = (wanted.output.format, rate)
    turns = schedule(columns, wanted.assignment, wanted.budget, seconds, output, wanted.seed, selection.per_group)
    return seated(selection, turns, wanted.balance.labels, wanted.seed), turns


def _dealt(
    loaded: LoadedRecipe, corpus: Corpus, selection: Selection, turns: Schedule, heard: Heard, chosen: Choices
) -> Plan:
    """The plan of chosen utterances: which noise they hear."""
    wanted, rate = loaded.recipe, loaded.recipe.output.sample_rate_hz
    stock = Stock(corpus, selection.frame, loaded.library, wanted.seed, rate, wanted.noise.segment_s)
    dealt = Listeners(selection, turns).exposures(stock)
    notes = (*chosen.notes, *equal_notes(turns.conditions), *heard.notes)
    notes = (*notes, *facts_notes(selection.frame, heard.facts, rate))
    return make_plan(loaded, corpus, turns, selection, dealt, heard.facts, notes)


def write_plan(planned: Plan, path: str | Path) -> None:
    """Write the items of a plan, a test set's ``plan.parquet``: whole or not at all.

    Args:
        planned: A plan.
        path: File to write, ``.parquet``; an existing one is replaced.

    Raises:
        AcoustigridError: The name has another ending.
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
    write_atomically(target, b"".join(plan_pieces(planned)))
