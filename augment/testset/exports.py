"""The folders of other tools' formats in a test set: made whole or not at all, and listed with their checksums."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.errors import Fault, TestSetError
from augment.files.atomic import locked, sync, sync_one, write_all, write_atomically
from augment.testset.finished import Finished
from augment.testset.shard import STATE

EXPORTS = "exports.json"


def write_export(finished: Finished, name: str, files: Iterator[tuple[str, bytes]]) -> int:
    """Write one format into the test set's folder; what was there of it is replaced when all is written.

    Args:
        finished: The test set.
        name: Of the format, and of its folder.
        files: As an exporter gives them.

    Returns:
        How many files were written.

    Raises:
        TestSetError: Something else has that name, or it cannot be written.
    """
    target = finished.folder / name
    (finished.folder / STATE).mkdir(exist_ok=True)
    temporary = finished.folder / STATE / f"export-{name}"
    try:
        with locked(finished.folder / STATE / "lock"):
            listed = read_exports(finished.folder)
            if target.exists() and name not in listed:
                message = f"this is in the way of the format '{name}', and no export of this test set"
                raise TestSetError(Fault(str(target), message, "move it"))
            shutil.rmtree(temporary, ignore_errors=True)
            checksums = _write(temporary, files)
            _list(finished.folder, {**listed, name: None})  # until all is in place it is not there
            shutil.rmtree(target, ignore_errors=True)
            temporary.replace(target)
            sync_one(finished.folder)
            _list(finished.folder, {**listed, name: {"manifest": finished.manifest_sha256, "files": checksums}})
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise TestSetError(Fault(str(target), message, "make room, then export again")) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return len(checksums)


def _write(folder: Path, files: Iterator[tuple[str, bytes]]) -> dict[str, str]:
    folder.mkdir(parents=True)
    checksums: dict[str, str] = {}
    for name, data in files:
        if name in checksums:
            raise TestSetError(Fault(str(folder), f"the exporter makes '{name}' twice", "tell who wrote it"))
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_all(place, data)
        checksums[name] = hashlib.sha256(data).hexdigest()
    sync([folder / name for name in checksums], folder)
    return dict(sorted(checksums.items()))


def read_exports(folder: Path) -> dict[str, Any]:
    """What formats a test set was exported to: for each, hashes of the manifest and of its files.

    Raises:
        TestSetError: The list is damaged.
    """
    place = folder / EXPORTS
    if not place.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        assert all(entry is None or {"manifest", "files"} <= set(entry) for entry in found.values())
    except (OSError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise TestSetError(Fault(str(place), f"is damaged: {error}", "remove it and export again")) from None
    return found


def _list(folder: Path, listed: dict[str, Any]) -> None:
    write_atomically(folder / EXPORTS, (json.dumps(dict(sorted(listed.items())), indent=2) + "\n").encode())


def drop_outdated(folder: Path, manifest_sha256: str) -> tuple[str, ...]:
    """Remove exports of another state of the test set: they would go on telling what is not in it any more.

    Args:
        folder: The test set, held under its lock.
        manifest_sha256: Hash of its manifest now.

    Returns:
        Their formats.
    """
    listed = read_exports(folder)
    old = [name for name, entry in listed.items() if entry is None or entry["manifest"] != manifest_sha256]
    if old:
        _list(folder, {**listed, **dict.fromkeys(old)})
        for name in old:
            shutil.rmtree(folder / name, ignore_errors=True)
        _list(folder, {name: entry for name, entry in listed.items() if name not in old})
    return tuple(old)


def export_faults(folder: Path, manifest_sha256: str) -> list[Fault]:
    """Exports that are not what was written, or are of another manifest."""
    faults = []
    for name, entry in read_exports(folder).items():
        again = f"export again: acoustigrid export DIR --format {name}"
        if entry is None:
            faults.append(Fault(str(folder / name), "this export was not finished", again))
            continue
        if entry["manifest"] != manifest_sha256:
            faults.append(Fault(str(folder / name), "this export is of another state of the test set", again))
        there = {p.relative_to(folder / name).as_posix() for p in (folder / name).rglob("*") if not p.is_dir()}
        for file in sorted(there - set(entry["files"])):
            faults.append(Fault(str(folder / name / file), "the file is no part of the export", again))
        for file, checksum in entry["files"].items():
            place = folder / name / file
            if not place.is_file():
                faults.append(Fault(str(place), "the file is missing", again))
            elif hashlib.sha256(place.read_bytes()).hexdigest() != checksum:
                faults.append(Fault(str(place), "the file is not the one that was written", again))
    return faults
