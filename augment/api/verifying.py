"""Checking a finished test set, with the verbs that made it."""

import secrets
from functools import partial
from typing import Literal

from augment.api.describing import SaidBySet, described_by
from augment.api.exporting import exported
from augment.api.planning import plan
from augment.api.working import refuse_blind, tried_here
from augment.execute import Way, opened_way
from augment.files.content import Content
from augment.files.location import Location, location
from augment.progress import SILENT, Progress
from augment.report.frames import Coverage, counts_of
from augment.report.told import ToldByRows
from augment.testset.figures import read_figures
from augment.testset.folder import FIGURES, IDENTITY
from augment.verification import examine
from augment.verification.remade import Makers
from augment.verification.sources import SelfDescription
from augment.verification.verdict import CheckOptions, Verdict


def verify(
    folder: str | Location,
    sample: int | Literal["all"] = 20,
    recipe_folder: str | Location | None = None,
    progress: Progress = SILENT,
    seed: int | None = None,
    identity: str | None = None,
    workers: int | Way = 1,
) -> Verdict:
    """Check a test set.

    Every file is read and compared with its row and with the other files of its utterance. If recipe, corpus and noise
    are available, the set is planned and described anew and compared, and a sample of items is rendered again.

    Args:
        folder: The test set.
        sample: How many items to render again, or ``"all"``; drawn anew each time.
        recipe_folder: Where the recipe was, if it has moved since with its corpus and noise.
        progress: Told how far it has got.
        seed: Repeats the sample of an earlier check.
        identity: Hash that the maker published for the whole set.
        workers: Number of processes, or an open executor, for reading the files and measuring speech for the plan.

    Raises:
        TestSetError: There is no test set in the folder, it is of another version, or its manifest or plan cannot be
            read.

    Example: see ``acoustigrid verify --help``.
    """
    asked = CheckOptions(
        size=None if sample == "all" else sample,
        seed=secrets.randbits(48) if seed is None else seed,
        recipe_folder=None if recipe_folder is None else location(recipe_folder),
        identity=identity,
    )
    with opened_way(None, workers) as way:
        refuse_blind(way, [location(folder) / IDENTITY])
        describe = partial(described_by, trying=partial(tried_here, way))
        makers = Makers(partial(plan, workers=way), describe, _retold, exported)
        return examine(location(folder), asked, makers, way, progress)


def _retold(told: SelfDescription, sheet: str) -> dict[str, Content]:
    planned = counts_of(told.planned.rows)
    rows = ToldByRows.of(told.rows, told.conditions, told.loaded)
    names, groups = [condition.name for condition in told.conditions], sorted({group for _, group in planned})
    figures = read_figures(told.disk.read(FIGURES), told.disk.place(FIGURES))
    identity = {name: value for name, value in told.identity.items() if name != "checksums"}
    said = SaidBySet(identity, told.rows, rows, told.loaded, told.disk.read)
    files = said.files(sheet, str(Coverage.of(planned, rows.present, names, groups)), figures)
    del files[FIGURES]  # read from the set, and compared with its sources where these are there
    return files
