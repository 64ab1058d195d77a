"""What a test set says about itself: the same for who builds it and for who verifies it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.api.sounds import ReadBytes, sound_of
from augment.design.conditions import Condition
from augment.design.plan import Plan
from augment.export.csv import table as csv_table
from augment.recipe.loader import LoadedRecipe
from augment.report.croissant import croissant, words_in
from augment.report.datasheet import datasheet
from augment.report.datasheet_page import datasheet_page
from augment.report.listening.of_set import SetSounds
from augment.report.pictures.of_set import SetPictures
from augment.report.tables import in_order, overview
from augment.testset.completion import identity_of, manifest_rows
from augment.testset.figures import SetFigures, set_figures
from augment.testset.folder import COVERAGE, CROISSANT, CSV, DATASHEET, FIGURES, PAGE, Rows


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
    return manifest, *described(planned, manifest, len(failures), overview(planned, manifest).texts, read)


def described(
    planned: Plan, manifest: list[dict[str, Any]], failed: int, tables: tuple[str, str], read: ReadBytes
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The same, of rows that are complete.

    Args:
        planned: What was planned.
        manifest: Rows of the manifest.
        failed: How many items could not be made.
        tables: Both tables of :func:`~augment.report.tables.overview`, as text.
        read: Reads a file of the set.
    """
    identity = identity_of(planned, manifest, failed)
    sheet = datasheet(planned, identity, manifest, tables)
    said = SaidBySet(identity, manifest, planned.conditions, planned.loaded, read)
    return identity, {DATASHEET: sheet.encode(), **said.files(sheet, tables[0], set_figures(planned))}


@dataclass(frozen=True)
class SaidBySet:
    """What a set says in its own files, from which others are made.

    Attributes:
        identity: Its ``testset.json``, without checksums.
        rows: Of its manifest.
        conditions: Columns of its grid, in order.
        loaded: Its recipe.
        read: Reads a file of it.
    """

    identity: Mapping[str, Any]
    rows: Sequence[dict[str, Any]]
    conditions: Sequence[Condition]
    loaded: LoadedRecipe
    read: ReadBytes

    def files(self, sheet: str, coverage: str, figures: SetFigures) -> dict[str, bytes]:
        """The files that are made from these.

        Args:
            sheet: The data sheet in Markdown.
            coverage: Files in each cell, as text.
            figures: Of its noises, devices and rooms.
        """
        table, words = csv_table(self.rows), words_in(self.identity)
        ordered = in_order(self.conditions, self.rows)
        sounds = SetSounds(ordered, self.conditions, self.loaded, words, sound_of(self.read))
        drawn = SetPictures(ordered, figures, words, self.identity["balance"])
        return {
            COVERAGE: f"{coverage}\n".encode(),
            CSV: table,
            FIGURES: figures.written(),
            PAGE: datasheet_page(sheet, sounds, drawn),
            CROISSANT: croissant(self.identity, self.rows, (CSV, table), self.loaded.recipe.output.format),
        }
