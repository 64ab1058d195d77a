"""The books of a test set: its side files, its counts, its rows and its plan, and every file in its folder."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from augment.errors import Fault, TestSetError
from augment.files.json_text import strict_json
from augment.files.store import Kind
from augment.testset.exports import FORMAT
from augment.testset.folder import (
    COVERAGE,
    CROISSANT,
    CSV,
    DATASHEET,
    EXPORTS,
    FAILURES,
    FIGURES,
    IDENTITY,
    MANIFEST,
    PAGE,
    PLAN,
    PROFILES,
    RECIPE,
    SOUND,
)  # fmt: skip
from augment.verification.disk import Disk

ALWAYS = (MANIFEST, PLAN, RECIPE, PROFILES, FIGURES, COVERAGE, CSV, DATASHEET, PAGE, CROISSANT)
"""Files that every test set has in addition to the audio."""

Row = dict[str, Any]


def side_files(disk: Disk, identity: Row) -> list[Fault]:
    """Faults of files other than audio that are missing or not as they were written."""
    place = disk.place(IDENTITY)
    checksums = identity["checksums"]
    expected = (*ALWAYS, FAILURES) if disk.has(FAILURES) else ALWAYS
    faults = [Fault(place, f"has no checksum of {name}") for name in expected if name not in checksums]
    for name, checksum in checksums.items():
        if name not in (*ALWAYS, FAILURES):
            faults.append(Fault(place, f"has a checksum of '{name}', which is not a file of a test set"))
            continue
        try:
            found = disk.hash(name)
        except TestSetError as error:
            faults += error.faults
            continue
        if found != checksum:
            message = "the file is not the one that was written: its checksum differs"
            faults.append(Fault(disk.place(name), message))
    return faults


def strangers(disk: Disk, rows: Sequence[Row], exported: Collection[str] | None) -> list[Fault]:
    """Faults of whatever is in the folder and belongs neither to the set nor to an export of it.

    Args:
        disk: The folder.
        rows: Rows of the manifest.
        exported: Names of formats, whose folders are examined elsewhere; None if they are not known.
    """
    known = {row["audio_filepath"] for row in rows} | {*ALWAYS, FAILURES, IDENTITY, EXPORTS}
    found, _ = disk.present
    faults = []
    for name in sorted(found):
        if disk.sealed.kind(name) is Kind.LINK:
            faults.append(Fault(disk.place(name), "is a link", "put the file itself there"))
        elif name not in known and not _exported(name, exported):
            what = "the file is not in the manifest" if name.startswith("audio/") else "the file is no part of the set"
            faults.append(Fault(disk.place(name), what, "move it"))
    return faults


def _exported(name: str, formats: Collection[str] | None) -> bool:
    """Whether a file is in the place of an export."""
    folder, slash, _ = name.partition("/")
    if formats is None:
        return bool(slash) and folder != SOUND and FORMAT.fullmatch(folder) is not None
    return bool(slash) and folder in formats


def bookkeeping(disk: Disk, identity: Row, rows: Sequence[Row], planned: Mapping[str, Row]) -> list[Fault]:
    """Check that planned = made + failed, that all rows have the same columns, and that they agree with the plan."""
    faults = []
    place = disk.place(MANIFEST)
    failed = {row["audio_filepath"]: row["reason"] for row in read_failures(disk)}
    names = Counter(row["audio_filepath"] for row in rows)
    for name in sorted(name for name, count in names.items() if count > 1):
        faults.append(Fault(place, f"'{name}' stands in more than one row"))
    for name in sorted(set(planned) - set(names) - set(failed)):
        faults.append(Fault(place, f"'{name}' was planned, and is neither made nor among the failures"))
    for name, reason in sorted(failed.items()):
        faults.append(Fault(disk.place(FAILURES), f"'{name}' could not be made: {reason}"))
    for name in sorted(set(failed) - (set(planned) - set(names))):
        faults.append(Fault(disk.place(FAILURES), f"'{name}' was made, or was never planned"))
    counted = {"planned": len(planned), "made": len(rows), "failed": len(failed)}
    return [*faults, *_identity_counts(disk, identity, planned, counted), *_row_faults(place, rows, planned)]


def _row_faults(place: str, rows: Sequence[Row], planned: Mapping[str, Row]) -> list[Fault]:
    """Faults of rows of the manifest that are not in the plan, contradict it, or are in another order."""
    faults = []
    names = dict.fromkeys(row["audio_filepath"] for row in rows)
    if list(names) != [name for name in planned if name in names] and set(names) <= set(planned):
        faults.append(Fault(place, "its rows stand in another order than those of the plan"))
    for number, row in enumerate(rows, start=1):
        if list(row) != list(rows[0]):
            faults.append(Fault(f"{place}:{number}", "the row has other columns than the first"))
        if row["audio_filepath"] not in planned:
            faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}' is not in the plan"))
            continue
        for name, value in planned[row["audio_filepath"]].items():
            if name in row and not _same(row[name], value):
                what = f"{name}: the plan says {value!r}, the manifest {row[name]!r}"
                faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}': {what}"))
    return faults


def _identity_counts(disk: Disk, identity: Row, planned: Mapping[str, Row], counted: dict[str, int]) -> list[Fault]:
    """The counts in ``testset.json``, counted again."""
    utterances = {(str(row["group"]), row["utterance"]) for row in planned.values()}
    groups = Counter(group for group, _ in utterances)
    expected = {
        "items": counted,
        "groups": sorted(groups),
        "utterances_per_group": max(groups.values(), default=0),
        "licences_of_items": dict(sorted(Counter(row["licence"] for row in planned.values()).items())),
    }
    place = disk.place(IDENTITY)
    return [
        Fault(place, f"{name}: found {value}, it says {identity.get(name)}")
        for name, value in expected.items()
        if identity.get(name) != value
    ]


def _same(found: Any, planned: Any) -> bool:
    """Whether a value of the manifest equals the plan's, which spells fractions as text."""
    return found == planned or (isinstance(found, float) and str(planned) == f"{found:.2f}") or repr(found) == planned


def read_failures(disk: Disk) -> list[dict[str, str]]:
    """Items that could not be made, from ``failures.jsonl``; none without the file.

    Raises:
        TestSetError: It is damaged.
    """
    if not disk.has(FAILURES):
        return []
    try:
        lines = disk.read(FAILURES).decode("utf-8").split("\n")
        rows = [strict_json(line) for line in lines if line]
        columns = ("audio_filepath", "utterance", "condition", "reason")
        return [{name: str(row[name]) for name in columns} for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(disk.place(FAILURES), f"is damaged: {error!r}")) from None
