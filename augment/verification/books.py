"""The books of a test set: its side files, its counts, its rows against its plan."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from augment.errors import Fault, TestSetError
from augment.files.parquet import read_parquet
from augment.testset.folder import COVERAGE, FAILURES, IDENTITY, MANIFEST, PLAN, PROFILES, RECIPE

PLANNED = frozenset(
    {
        "audio_filepath",
        "utterance",
        "group",
        "condition",
        "dealt",
        "key",
        "source_audio",
        "source_sha256",
        "block",
        "samples",
    }
)
"""Columns of every plan."""


def side_files(path: Path, identity: dict[str, Any]) -> list[Fault]:
    """Files beside the audio that are missing or not as they were written."""
    faults = []
    for name in (MANIFEST, PLAN, RECIPE, PROFILES, COVERAGE):
        if name not in identity["checksums"]:
            faults.append(Fault(str(path / IDENTITY), f"has no checksum of {name}"))
    for name, checksum in identity["checksums"].items():
        place = path / name
        if not place.is_file():
            faults.append(Fault(str(place), "the file is missing"))
        elif hashlib.sha256(place.read_bytes()).hexdigest() != checksum:
            faults.append(Fault(str(place), "the file is not the one that was written: its checksum differs"))
    return faults


def read_plan(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of the plan in a folder by their ``audio_filepath``.

    Raises:
        TestSetError: It cannot be read.
    """
    frame = read_parquet(path / PLAN, TestSetError)
    lacking = sorted(PLANNED - set(frame.columns))
    if lacking:
        raise TestSetError(
            Fault(str(path / PLAN), f"cannot be read: it lacks the columns {', '.join(lacking)}", "build it again")
        )
    return {row["audio_filepath"]: row for row in frame.rows(named=True)}


def bookkeeping(
    path: Path, identity: dict[str, Any], rows: Sequence[dict[str, Any]], planned: dict[str, dict[str, Any]]
) -> list[Fault]:
    """Planned = made + failed, counted from the files; and every row has the same columns and the plan's key."""
    faults = []
    place = path / MANIFEST
    failed = _failures(path)
    names = Counter(row["audio_filepath"] for row in rows)
    for name in sorted(name for name, count in names.items() if count > 1):
        faults.append(Fault(str(place), f"'{name}' stands in more than one row"))
    for name in sorted(set(planned) - set(names) - set(failed)):
        faults.append(Fault(str(place), f"'{name}' was planned, and is neither made nor among the failures"))
    for name, reason in sorted(failed.items()):
        faults.append(Fault(str(path / FAILURES), f"'{name}' could not be made: {reason}"))
    counted = {"planned": len(planned), "made": len(rows), "failed": len(failed)}
    faults += _identity_counts(path, identity, planned, counted)
    for number, row in enumerate(rows, start=1):
        if list(row) != list(rows[0]):
            faults.append(Fault(f"{place}:{number}", "the row has other columns than the first"))
        if row["audio_filepath"] not in planned:
            faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}' is not in the plan"))
            continue
        for name, value in planned.get(row["audio_filepath"], {}).items():
            if name in row and not _same(row[name], value):
                what = f"{name}: the plan says {value!r}, the manifest {row[name]!r}"
                faults.append(Fault(f"{place}:{number}", f"'{row['audio_filepath']}': {what}"))
    return faults


def _identity_counts(
    path: Path, identity: dict[str, Any], planned: dict[str, dict[str, Any]], counted: dict[str, int]
) -> list[Fault]:
    """What ``testset.json`` counts, counted again."""
    utterances = {(str(row["group"]), row["utterance"]) for row in planned.values()}
    groups = Counter(group for group, _ in utterances)
    expected = {
        "items": counted,
        "groups": sorted(groups),
        "utterances_per_group": max(groups.values(), default=0),
    }
    place = str(path / IDENTITY)
    return [
        Fault(place, f"{name}: found {value}, it says {identity.get(name)}")
        for name, value in expected.items()
        if identity.get(name) != value
    ]


def _same(found: Any, planned: Any) -> bool:
    """Whether a value of the manifest is the plan's, which spells fractions as text."""
    return found == planned or (isinstance(found, float) and str(planned) == f"{found:.2f}") or repr(found) == planned


def _failures(path: Path) -> dict[str, str]:
    if not (path / FAILURES).is_file():
        return {}
    try:
        lines = (path / FAILURES).read_text(encoding="utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
        return {str(row["audio_filepath"]): str(row["reason"]) for row in rows}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(str(path / FAILURES), f"is damaged: {error!r}")) from None
