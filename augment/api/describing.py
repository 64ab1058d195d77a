"""What a test set says about itself: the same for who builds it and for who verifies it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.api.sounds import ReadBytes, SoundsOf
from augment.corpus.survey import Trying
from augment.design.plan import Plan
from augment.export.csv import table as csv_table
from augment.files.content import Content, Hashed, Remade
from augment.files.json_rows import Rows
from augment.recipe.loader import LoadedRecipe
from augment.report.croissant import croissant, words_in
from augment.report.datasheet import datasheet
from augment.report.datasheet_page import datasheet_page
from augment.report.listening.of_set import SetSounds
from augment.report.pictures.of_set import SetPictures
from augment.report.tables import Overview, coverage
from augment.report.told import ToldByRows
from augment.testset.completion import identity_of
from augment.testset.figures import SetFigures, set_figures
from augment.testset.folder import COVERAGE, CROISSANT, CSV, DATASHEET, FIGURES, PAGE


@dataclass(frozen=True)
class DescribedSet:
    """What a test set says about itself.

    Attributes:
        told: What its rows say together.
        tables: Of its cells and of what was measured.
        identity: Its ``testset.json``, without checksums.
        files: The files that are made from these.
    """

    told: ToldByRows
    tables: Overview
    identity: dict[str, Any]
    files: dict[str, Content]


def described(planned: Plan, rows: Rows, failed: int, read: ReadBytes, trying: Trying = map) -> DescribedSet:
    """What a test set says about itself.

    Args:
        planned: What was planned.
        rows: Of its manifest.
        failed: How many items could not be made.
        read: Reads a file of the set.
        trying: Where its noises are listened to, and pictures of its files are painted.
    """
    told = ToldByRows.of(rows, planned.conditions, planned.loaded)
    tables = Overview(coverage(planned, told.present), told.measured)
    identity = identity_of(planned, told.items, failed, told.softer)
    sheet = datasheet(planned, identity, told.softer, tables.texts)
    said = SaidBySet(identity, rows, told, planned.loaded, read, trying)
    files = {DATASHEET: sheet.encode(), **said.files(sheet, tables.texts[0], set_figures(planned, trying))}
    return DescribedSet(told, tables, identity, files)


def described_by(
    planned: Plan, rows: Rows, failures: Sequence[Mapping[str, Any]], read: ReadBytes, trying: Trying = map
) -> tuple[dict[str, Any], dict[str, Content]]:
    """The ``testset.json`` of a set without checksums, and the files that are made from this and its rows.

    Arguments as for :func:`described`.
    """
    found = described(planned, rows, len(failures), read, trying)
    return found.identity, found.files


@dataclass(frozen=True)
class SaidBySet:
    """What a set says in its own files, from which others are made.

    Attributes:
        identity: Its ``testset.json``, without checksums.
        rows: Of its manifest.
        told: What these say together.
        loaded: Its recipe.
        read: Reads a file of it.
        trying: Where pictures of its files are painted.
    """

    identity: Mapping[str, Any]
    rows: Rows
    told: ToldByRows
    loaded: LoadedRecipe
    read: ReadBytes
    trying: Trying = map

    def files(self, sheet: str, coverage: str, figures: SetFigures) -> dict[str, Content]:
        """The files that are made from these.

        Args:
            sheet: The data sheet in Markdown.
            coverage: Files in each cell, as text.
            figures: Of its noises, devices and rooms.
        """
        words, told, table = words_in(self.identity), self.told, csv_table(self.rows)
        sounds = SetSounds(told.shown, words, SoundsOf(self.read), self.trying)
        drawn = SetPictures(told.cells, told.exposure, figures, words, self.identity["balance"])
        passing = Hashed(table)
        return {
            COVERAGE: f"{coverage}\n".encode(),
            CSV: passing,
            FIGURES: figures.written(),
            PAGE: datasheet_page(sheet, sounds, drawn),
            CROISSANT: Remade(lambda: self._croissant(passing)),
        }

    def _croissant(self, table: Hashed) -> Iterator[bytes]:
        """The description, which names the hash of the table: known once that was written."""
        yield croissant(self.identity, self.told.table, (CSV, table.sha256), self.loaded.recipe.output.format)
