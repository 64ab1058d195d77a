"""The folders of other tools' formats in a test set: made whole or not at all, and listed with their checksums."""

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from augment.errors import Fault, TestSetError
from augment.files.atomic import locked, sync, sync_one, write_all, write_atomically
from augment.files.walk import STATE
from augment.testset.finished import Finished
from augment.testset.folder import MANIFEST

EXPORTS = "exports.json"
FORMAT = re.compile("[a-z][a-z0-9_]*")


def write_export(finished: Finished, name: str, files: Iterator[tuple[str, bytes]], beside: Iterable[str] = ()) -> int:
    """Write one format into the test set's folder; what was there of it is replaced when all is written.

    Args:
        finished: The test set.
        name: Of the format, and of its folder.
        files: As an exporter gives them.
        beside: Files of the test set beside its manifest that they are made of.

    Returns:
        How many files were written.

    Raises:
        TestSetError: Something else has that name, or it cannot be written.
    """
    target = finished.folder / name
    made_of = {file: finished.identity["checksums"][file] for file in (MANIFEST, *beside)}
    state = finished.folder / STATE
    state.mkdir(exist_ok=True)
    temporary, before = state / f"export-{name}", state / f"export-{name}-before"
    try:
        with locked(state / "lock"):
            refuse_in_the_way(finished.folder, [name])
            listed = read_exports(finished.folder)
            for left in (temporary, before):
                shutil.rmtree(left, ignore_errors=True)
            checksums = _write(temporary, files)
            if target.exists():
                target.replace(before)
            temporary.replace(target)
            sync_one(finished.folder)
            _list(finished.folder, {**listed, name: {"made_of": made_of, "files": checksums}})
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise TestSetError(Fault(str(target), message, "make room, then export again")) from None
    finally:
        for left in (temporary, before):
            shutil.rmtree(left, ignore_errors=True)
    return len(checksums)


def refuse_in_the_way(folder: Path, formats: Iterable[str]) -> None:
    """Refuse to replace what is no export of this test set, or holds something else beside one.

    Args:
        folder: The test set.
        formats: Those that are to be written.

    Raises:
        TestSetError: Something is in the way; all of it is named.
    """
    listed, faults = read_exports(folder), []
    for name in formats:
        target = folder / name
        if target.is_symlink() or (target.exists() and (name not in listed or not target.is_dir())):
            message = f"this is in the way of the format '{name}', and no export of this test set"
            faults.append(Fault(str(target), message, "move it"))
        elif target.exists() and (others := sorted(_files_in(target) - set(listed[name]["files"]))):
            message = f"{len(others)} files here are no part of the export, such as '{others[0]}'"
            faults.append(Fault(str(target), message, "move them: the folder is written anew"))
    if faults:
        raise TestSetError(faults)


def _files_in(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in found}


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
    """What formats a test set was exported to: for each, hashes of what it was made of and of its files.

    Raises:
        TestSetError: The list is damaged.
    """
    place = folder / EXPORTS
    if not place.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        for name, entry in found.items():
            if not FORMAT.fullmatch(name) or name == "audio":
                raise ValueError(f"'{name[:40]}' is no format")
            parts = [entry["made_of"], entry["files"]]
            hashes = all(isinstance(part, dict) and all(isinstance(h, str) for h in part.values()) for part in parts)
            if not hashes or not all(map(_is_below, entry["files"])):
                raise ValueError(f"the entry '{name}' is not as it was written")
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(str(place), f"is damaged: {error}", "remove it and export again")) from None
    return found


def _is_below(name: str) -> bool:
    """Whether a path cannot lead out of the folder that it starts from."""
    return not name.startswith("/") and not {"..", ".", ""} & set(name.split("/"))


def _list(folder: Path, listed: dict[str, Any]) -> None:
    write_atomically(folder / EXPORTS, (json.dumps(dict(sorted(listed.items())), indent=2) + "\n").encode())


def drop_outdated(folder: Path, checksums: Mapping[str, str]) -> tuple[str, ...]:
    """Remove exports of another state of the test set: they would go on telling what is not in it any more.

    Files of others in their folders stay.

    Args:
        folder: The test set, held under its lock.
        checksums: Of its files beside the audio, now.

    Returns:
        Their formats.
    """
    listed = read_exports(folder)
    old = [name for name, entry in listed.items() if _is_outdated(entry, checksums)]
    for name in old:
        target = folder / name
        for place in (target / file for file in listed[name]["files"]):
            if place.parent.resolve().is_relative_to(folder.resolve() / name):  # no link leads elsewhere
                place.unlink(missing_ok=True)
        below = (path for path in target.rglob("*") if path.is_dir() and not path.is_symlink())
        for empty in [*sorted(below, reverse=True), target]:
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()
    if old:
        _list(folder, {name: entry for name, entry in listed.items() if name not in old})
    return tuple(old)


def _is_outdated(entry: Mapping[str, Any], checksums: Mapping[str, str]) -> bool:
    return any(checksums.get(file) != checksum for file, checksum in entry["made_of"].items())


def export_faults(folder: Path, checksums: Mapping[str, str]) -> list[Fault]:
    """Exports that are not what was written, or are of another manifest."""
    faults = []
    for name, entry in read_exports(folder).items():
        again = f"export again: acoustigrid export {shlex.quote(str(folder))} --format {name}"
        if _is_outdated(entry, checksums):
            faults.append(Fault(str(folder / name), "this export is of another state of the test set", again))
        for file in sorted(_files_in(folder / name) - set(entry["files"])):
            faults.append(Fault(str(folder / name / file), "the file is no part of the export", "move it"))
        for file, checksum in entry["files"].items():
            place = folder / name / file
            if not place.is_file():
                faults.append(Fault(str(place), "the file is missing", again))
            elif hashlib.sha256(place.read_bytes()).hexdigest() != checksum:
                faults.append(Fault(str(place), "the file is not the one that was written", again))
    return faults
