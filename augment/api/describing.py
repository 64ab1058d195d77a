"""What a test set says about itself: the same for who builds it and for who verifies it."""

from collections.abc import Mapping, Sequence
from typing import Any

from augment.api.sounds import ReadBytes, sound_of
from augment.design.plan import Plan
from augment.export.csv import table as csv_table
from augment.report.croissant import croissant, words_in
from augment.report.datasheet import datasheet
from augment.report.datasheet_page import datasheet_page
from augment.report.listening.of_set import SetSounds
from augment.report.pictures.of_set import SetPictures
from augment.report.tables import in_order, overview
from augment.testset.completion import identity_of, manifest_rows
from augment.testset.figures import set_figures
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
    table = csv_table(manifest)
    sheet = datasheet(planned, identity, manifest, tables)
    ordered, figures = in_order(planned, manifest), set_figures(planned)
    words = words_in(identity)
    sounds = SetSounds(ordered, planned.conditions, planned.loaded, words, sound_of(read))
    return identity, {
        COVERAGE: f"{tables[0]}\n".encode(),
        CSV: table,
        DATASHEET: sheet.encode(),
        FIGURES: figures.written(),
        PAGE: datasheet_page(sheet, sounds, SetPictures(ordered, figures, words, identity["balance"])),
        CROISSANT: croissant(identity, manifest, (CSV, table), planned.loaded.recipe.output.format),
    }
