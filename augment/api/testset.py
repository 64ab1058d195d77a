"""A finished test set as one object: what it says of itself as tables, and what can be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from augment.acoustics import Signal
from augment.api.exporting import write_formats
from augment.api.scoring import Hypotheses, listed_items, scored
from augment.api.verifying import verify
from augment.design.conditions import Condition
from augment.design.selection.balance import Difference
from augment.errors import Fault, TestSetError, counted, nearest
from augment.execute import Way
from augment.files.audio import decode
from augment.files.json_text import strict_json
from augment.files.location import Location, location
from augment.perturb.columns import as_kind, kinds_of
from augment.plain_text import visible
from augment.progress import SILENT, Progress
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.records import frame_of
from augment.report.frames import Coverage, Measured, MeasuredTally, counts_of
from augment.scoring.scores import ScoreOptions, Scores
from augment.sequences import portions
from augment.showing import Picture, Player, Presented, picture_of, player_of
from augment.testset.by_name import ByName
from augment.testset.folder import FAILURE, FAILURES, IDENTITY, PLAN, RECIPE
from augment.testset.identity import built_identity
from augment.testset.planned import PlannedRows, read_plan
from augment.testset.reading import Finished, Row, read_finished
from augment.verification.disk import Disk
from augment.verification.sources import SelfDescription, recipe_folder, self_description
from augment.verification.verdict import Verdict

if TYPE_CHECKING:
    import polars

AT_ONCE = 4096
"""Rows that are made part of a table at the same time."""


def open(folder: str | Location) -> "TestSet":
    """Open a finished test set.

    Args:
        folder: Where it is: a folder, or a place in an object store such as ``s3://bucket/ward``.

    Raises:
        TestSetError: There is none, it was built by another version, or its manifest is not the one that was built.

    Example:
        >>> import tempfile
        >>> from augment.api.building import build
        >>> folder = build("demo", Path(tempfile.mkdtemp()) / "demo").folder
        >>> testset = open(folder)
        >>> testset
        <TestSet 'demo': 4 groups x 8 conditions, 384 items, 0.30 h>
        >>> testset.frame.filter(condition="scanner_5db__studio")["snr_db"].mean()
        5.0
    """
    return TestSet(read_finished(location(folder)))


@dataclass(frozen=True, eq=False, repr=False)
class TestSet(Presented):
    """A finished test set, as :func:`open` found it; whatever is built into its folder later needs another ``open``.

    Its tables are polars frames. They are read once, at the first question.

    Attributes:
        finished: What its files say, for those who write exporters.

    Example: see :func:`augment.open`.
    """

    __test__ = False  # not a test case, whatever its name says to pytest

    finished: Finished

    @property
    def path(self) -> Location:
        """Its folder."""
        return self.finished.folder.path

    @property
    def name(self) -> str:
        """Name of its recipe."""
        return self.finished.name

    @cached_property
    def identity(self) -> str:
        """One hash of the whole set, to be published with it; :meth:`verify` compares it."""
        return built_identity(self.finished.folder, self.finished.rows)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of its conditions, in the order of the grid."""
        return self._listed("conditions")

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of its groups."""
        return self._listed("groups")

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns that hold settings of the factors, such as the noise."""
        return self.finished.factors

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that hold labels of the corpus, such as the accent."""
        return self.finished.labels

    @property
    def notes(self) -> tuple[str, ...]:
        """What the planner noted: what one must know to read its results."""
        return self._listed("notes")

    def __len__(self) -> int:
        return len(self.finished.rows)

    @cached_property
    def hours(self) -> float:
        """Length of all items together."""
        return float(sum(row["duration"] for row in self.finished.rows)) / 3600

    def __repr__(self) -> str:
        size = f"{counted(len(self.groups), 'group')} x {counted(len(self.conditions), 'condition')}"
        return f"<TestSet '{visible(self.name)}': {size}, {counted(len(self), 'item')}, {self.hours:.2f} h>"

    @cached_property
    def frame(self) -> "polars.DataFrame":
        """The manifest: a row for each item, every column of its declared kind."""
        import polars

        rows, types = self.finished.rows, {bool: polars.Boolean, int: polars.Int64, float: polars.Float64}
        kinds = kinds_of(self.finished.columns, rows)
        schema, parts = {name: types.get(kind, polars.String) for name, kind in kinds.items()}, []
        told = ([as_kind(row[name], kind) for name, kind in kinds.items()] for row in rows)
        for some in portions(told, AT_ONCE):
            columns = zip(schema.items(), zip(*some, strict=True), strict=True)
            parts.append({n: polars.Series(n, values, dtype=dtype, strict=False) for (n, dtype), values in columns})
        return polars.concat([polars.DataFrame(schema=schema), *map(polars.DataFrame, parts)])

    @property
    def coverage(self) -> "polars.DataFrame":
        """Files in each cell: a row for each condition, a column for each group."""
        return self.grid.made

    @property
    def planned(self) -> "polars.DataFrame":
        """Files that were planned, in the shape of :attr:`coverage`."""
        return self.grid.planned

    @cached_property
    def grid(self) -> Coverage:
        """Both of these; as text, it is the table of ``coverage.txt``."""
        planned, made = counts_of(self._plan.rows), counts_of(self.finished.rows)
        return Coverage.of(planned, made, self.conditions, self.groups)

    @property
    def measured(self) -> "polars.DataFrame":
        """What was measured in each condition: a row for each, with means of SNRs and levels."""
        return self.levels.mean

    @property
    def measured_min(self) -> "polars.DataFrame":
        """The smallest values, in the shape of :attr:`measured`."""
        return self.levels.low

    @property
    def measured_max(self) -> "polars.DataFrame":
        """The largest values, in the shape of :attr:`measured`."""
        return self.levels.high

    @cached_property
    def levels(self) -> Measured:
        """These three; as text, it is the table of the data sheet."""
        tally = MeasuredTally()
        for row in self.finished.rows:
            tally.take(row)
        return tally.found(self.conditions)

    @cached_property
    def balance(self) -> "polars.DataFrame":
        """How unlike groups are: a row for each variable and group, before and after the selection."""
        try:
            return frame_of(Difference, [Difference(**found) for found in self._list("balance")])
        except (TypeError, ValueError) as error:
            raise self._damaged("balance", error) from None

    @cached_property
    def failures(self) -> "polars.DataFrame":
        """Items that could not be made, and why; without rows if there are none."""
        import polars

        rows = []
        if FAILURES in self.finished.identity["checksums"]:
            lines = self.finished.beside(FAILURES).decode().splitlines()
            rows = [{name: strict_json(line)[name] for name in FAILURE} for line in lines]
        return polars.DataFrame(rows, dict.fromkeys(FAILURE, polars.String))

    @cached_property
    def recipe(self) -> LoadedRecipe:
        """Its recipe; paths in it start from where it was built, if that is known here."""
        self.finished.beside(RECIPE)  # is it the one that was built?
        try:
            base = recipe_folder(self._disk, None)
        except TestSetError:
            base = self.path
        return load_recipe(self.path / RECIPE, base, material=False)

    @cached_property
    def columns_of_grid(self) -> tuple[Condition, ...]:
        """Its conditions with their steps."""
        return self.described.conditions

    @cached_property
    def described(self) -> SelfDescription:
        """What its own files say of it, its recipe and its plan included."""
        return self_description(self._disk, dict(self.finished.identity), ByName(self.finished.rows), self._plan)

    def row(self, item: str) -> Row:
        """A row of the manifest.

        Args:
            item: Its ``id``.

        Raises:
            TestSetError: There is no such item.
        """
        number = self._numbers.get(item)
        if number is None:
            message = f"there is no item '{item}'"
            raise TestSetError(Fault(str(self.path), message, nearest(item, list(self._numbers))))
        return self.finished.rows[number]

    def audio(self, item: str) -> tuple[Signal, int]:
        """Samples of an item, full scale 1.0, shape (n,), and their rate in Hz.

        Args:
            item: Its ``id``.

        Raises:
            TestSetError: There is no such item, or its file is not the one that was built.
        """
        row = self.row(item)
        decoded = decode(self.finished.audio(row), row["audio_filepath"])
        return decoded.samples, decoded.sample_rate_hz

    def plot(self) -> Picture:
        """The SNR in each condition, as measured."""
        return picture_of(self)

    def play(self, item: str | None = None, condition: str | None = None, group: str | None = None) -> Player:
        """Items to listen to.

        Args:
            item: Only the one with this ``id``.
            condition: Only this condition; if not given, all of them, or as many as fit.
            group: Only this group; if not given, all of them, with utterances that can be compared.

        Raises:
            TestSetError: There is nothing of that name in the set.
        """
        return player_of(self, item=item, condition=condition, group=group)

    def export(self, *formats: str, progress: Progress = SILENT) -> dict[str, int]:
        """Write the set in other tools' formats, each in a folder of it; see :func:`augment.write_formats`."""
        return write_formats(self.path, formats, progress)

    def verify(
        self,
        sample: int | Literal["all"] = 20,
        recipe_folder: str | Location | None = None,
        progress: Progress = SILENT,
        seed: int | None = None,
        identity: str | None = None,
        workers: int | Way = 1,
    ) -> Verdict:
        """Check the set as its files are now; see :func:`augment.verify`."""
        return verify(self.path, sample, recipe_folder, progress, seed, identity, workers)

    def score(
        self,
        hypotheses: Hypotheses | None = None,
        /,
        options: ScoreOptions | None = None,
        progress: Progress = SILENT,
        **named: str | Path,
    ) -> Scores:
        """Score what recognisers made of the set; see :func:`augment.score`.

        Args:
            hypotheses: File of each recogniser, by the name that it is to have in the results.
            options: How.
            progress: Told how far it has got.
            **named: The same as ``hypotheses``: ``testset.score(tiny="whisper.jsonl")``.
        """
        given = hypotheses if hypotheses is not None and not named else {**(hypotheses or {}), **named}
        return scored(self.finished, given, options, progress)

    def write_list(self, path: str | Path) -> int:
        """Write what a recogniser is handed; see :func:`augment.write_list`."""
        return listed_items(self.finished, path)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        """Number of each row by its ``id``."""
        return {row["id"]: number for number, row in enumerate(self.finished.rows)}

    @cached_property
    def _plan(self) -> PlannedRows:
        return read_plan(self.finished.beside(PLAN), self.path / PLAN)

    @property
    def _disk(self) -> Disk:
        return Disk(self.finished.folder, self.path)

    def _list(self, name: str) -> list[Any]:
        found = self.finished.identity.get(name)
        if not isinstance(found, list):
            raise self._damaged(name, TypeError("expected a list"))
        return found

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(map(str, self._list(name)))

    def _damaged(self, name: str, error: Exception) -> TestSetError:
        return TestSetError(Fault(str(self.path / IDENTITY), f"'{name}' is damaged: {error}", "build the set again"))
