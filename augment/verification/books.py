"""The books of a test set: its side files, its counts, its rows and its plan, and every file in its folder."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.errors import Fault, TestSetError
from augment.files.json_rows import Row, Rows
from augment.files.json_text import strict_json
from augment.files.store import Kind
from augment.testset.by_name import ByName
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
from augment.testset.planned import PlannedRows
from augment.verification.disk import Disk

ALWAYS = (MANIFEST, PLAN, RECIPE, PROFILES, FIGURES, COVERAGE, CSV, DATASHEET, PAGE, CROISSANT)
"""Files that every test set has in addition to the audio."""


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


@dataclass(frozen=True)
class Found:
    """What is in the folder of a set.

    Attributes:
        faults: Of what does not belong there.
        files: How many files and links there are.
        dropped: How many things file managers left behind.
    """

    faults: list[Fault]
    files: int
    dropped: int


def strangers(disk: Disk, rows: ByName, exported: Collection[str] | None) -> Found:
    """Look for whatever is in the folder and belongs neither to the set nor to an export of it.

    Args:
        disk: The folder.
        rows: Rows of the manifest.
        exported: Names of formats, whose folders are examined elsewhere; None if they are not known.
    """
    known, met = {*ALWAYS, FAILURES, IDENTITY, EXPORTS}, np.zeros(len(rows.rows), bool)
    found, files, dropped = list[tuple[str, Fault]](), 0, 0
    for name, kind in disk.present():
        dropped += kind is None
        files += kind is not None
        if kind is Kind.LINK:
            found.append((name, Fault(disk.place(name), "is a link", "put the file itself there")))
        elif kind is not None and name not in known and not _listed(name, rows, met) and not _exported(name, exported):
            what = "the file is not in the manifest" if name.startswith("audio/") else "the file is no part of the set"
            found.append((name, Fault(disk.place(name), what, "move it")))
    return Found([fault for _, fault in sorted(found, key=itemgetter(0))], files, dropped)


def _listed(name: str, rows: ByName, met: NDArray[np.bool_]) -> bool:
    """Whether a row names a file: by the hash of its name, and by the name itself where a row is met twice."""
    number = int(rows.numbers([name])[0])
    if number < 0:
        return False
    again, met[number] = bool(met[number]), True
    return not again or name in rows


def _exported(name: str, formats: Collection[str] | None) -> bool:
    """Whether a file is in the place of an export."""
    folder, slash, _ = name.partition("/")
    if formats is None:
        return bool(slash) and folder != SOUND and FORMAT.fullmatch(folder) is not None
    return bool(slash) and folder in formats


def bookkeeping(disk: Disk, identity: Row, rows: ByName, planned: PlannedRows) -> list[Fault]:
    """Check that planned = made + failed, that all rows have the same columns, and that they agree with the plan."""
    place, failed = disk.place(MANIFEST), {row["audio_filepath"]: row["reason"] for row in read_failures(disk)}
    made = np.zeros(len(planned), bool)
    of_rows = _row_faults(place, rows.rows, planned, made)
    faults = [Fault(place, f"'{name}' stands in more than one row") for name in rows.twice]
    for name in sorted(name for name in planned.names_of(~made) if name not in failed):
        faults.append(Fault(place, f"'{name}' was planned, and is neither made nor among the failures"))
    for name, reason in sorted(failed.items()):
        faults.append(Fault(disk.place(FAILURES), f"'{name}' could not be made: {reason}"))
    for name in sorted(failed):
        number = planned.number(name)
        if number is None or made[number]:
            faults.append(Fault(disk.place(FAILURES), f"'{name}' was made, or was never planned"))
    counted = {"planned": len(planned), "made": len(rows.rows), "failed": len(failed)}
    return [*faults, *_identity_counts(disk, identity, planned, counted), *of_rows]


def _row_faults(place: str, rows: Rows, planned: PlannedRows, made: NDArray[np.bool_]) -> list[Fault]:
    """Faults of rows of the manifest that are not in the plan, contradict it, or are in another order.

    Args:
        place: The manifest.
        rows: Its rows.
        planned: The plan.
        made: For each item of it, whether there is a row: noted here; shape (n,).
    """
    faults, columns, last, in_order, all_planned = list[Fault](), list[str](), -1, True, True
    for number, row in enumerate(rows, start=1):
        columns = columns or list(row)
        if list(row) != columns:
            faults.append(Fault(f"{place}:{number}", "the row has other columns than the first"))
        item = planned.found(row["audio_filepath"])
        if item is None:
            faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}' is not in the plan"))
            all_planned = False
            continue
        turn, wanted = item
        if not made[turn]:  # of two rows, the first
            in_order, last, made[turn] = in_order and turn > last, turn, True
        for name, value in wanted.items():
            if name in row and not _same(row[name], value):
                what = f"{name}: the plan says {value!r}, the manifest {row[name]!r}"
                faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}': {what}"))
    if all_planned and not in_order:
        faults.insert(0, Fault(place, "its rows stand in another order than those of the plan"))
    return faults


def _identity_counts(disk: Disk, identity: Row, planned: PlannedRows, counted: dict[str, int]) -> list[Fault]:
    """The counts in ``testset.json``, counted again."""
    frame = planned.frame
    groups = Counter(str(group) for group, _ in frame.select("group", "utterance").unique().rows())
    expected = {
        "items": counted,
        "groups": sorted(groups),
        "utterances_per_group": max(groups.values(), default=0),
        "licences_of_items": dict(sorted(frame["licence"].value_counts().rows())),
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
