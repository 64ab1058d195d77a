"""The folders of other tools' formats in a test set: made whole or not at all, and listed with their checksums."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from augment.bounds import LARGEST_TABLE_BYTES
from augment.errors import Fault, TestSetError
from augment.files.content import Content, Hashed
from augment.files.json_text import strict_json
from augment.files.location import Location
from augment.files.staging import ASIDE
from augment.files.store import Kind, Staged, Store, is_below
from augment.testset.folder import EXPORTS, LOCK, SOUND, writing

FORMAT = re.compile("[a-z][a-z0-9_]*")


def write_export(folder: Store, name: str, files: Iterator[tuple[str, Content]], made_of: Mapping[str, str]) -> int:
    """Write one format into the test set's folder; what was there of it is replaced when all is written.

    Args:
        folder: The test set.
        name: Of the format, and of its folder.
        files: As an exporter gives them.
        made_of: Files of the test set that they are made of, and their hashes.

    Returns:
        How many files were written.

    Raises:
        TestSetError: Something else has that name, or it cannot be written.
    """
    with writing(folder.path / name, "export again"), folder.locked(LOCK):
        refuse_in_the_way(folder, [name])
        listed = read_exports(folder)
        with folder.renewed(name) as renewed:
            checksums = _add(renewed, files, str(folder.path / name))
            renewed.commit()
            _list(folder, {**listed, name: {"made_of": dict(made_of), "files": checksums}})
    return len(checksums)


def refuse_in_the_way(folder: Store, formats: Iterable[str]) -> None:
    """Refuse to replace what is no export of this test set, or holds something else beside one.

    Args:
        folder: The test set.
        formats: Those that are to be written.

    Raises:
        TestSetError: Something is in the way; all of it is named.
    """
    listed, faults = read_exports(folder), []
    for name in formats:
        if folder.kind(f"{ASIDE}-{name}") is Kind.FILE:
            continue  # somebody was cut off while they wrote it into an object store
        target, found = str(folder.path / name), folder.kind(name)
        if found is not Kind.NOTHING and (name not in listed or found is not Kind.FOLDER):
            message = f"this is in the way of the format '{name}', and no export of this test set"
            faults.append(Fault(target, message, "move it"))
        elif found is Kind.FOLDER and (others := sorted(_files_in(folder, name) - set(listed[name]["files"]))):
            message = f"{len(others)} files here are no part of the export, such as '{others[0]}'"
            faults.append(Fault(target, message, "move them: the folder is written anew"))
    if faults:
        raise TestSetError(faults)


def _files_in(folder: Store, name: str) -> set[str]:
    return {place.removeprefix(f"{name}/") for place in folder.files(name)}


def _add(renewed: Staged, files: Iterator[tuple[str, Content]], place: str) -> dict[str, str]:
    checksums: dict[str, str] = {}
    for name, data in files:
        if name in checksums:
            raise TestSetError(Fault(place, f"the exporter makes '{name}' twice", "tell who wrote it"))
        passing = Hashed(data)
        renewed.add(name, passing)
        checksums[name] = passing.sha256
    return dict(sorted(checksums.items()))


def read_exports(folder: Store) -> dict[str, Any]:
    """What formats a test set was exported to: for each, hashes of what it was made of and of its files.

    Raises:
        TestSetError: The list is damaged.
    """
    if folder.kind(EXPORTS) is Kind.NOTHING:
        return {}
    try:
        found: dict[str, Any] = strict_json(folder.read(EXPORTS, LARGEST_TABLE_BYTES).decode())
        for name, entry in found.items():
            if not FORMAT.fullmatch(name) or name == SOUND:
                raise ValueError(f"'{name[:40]}' is no format")
            texts = all(
                isinstance(part, dict) and all(isinstance(v, str) for v in part.values())
                for part in (entry["made_of"], entry["files"])
            )
            if not texts or not all(map(is_below, entry["files"])):
                raise ValueError(f"the entry '{name}' is not as it was written")
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        place = str(folder.path / EXPORTS)
        raise TestSetError(Fault(place, f"is damaged: {error}", "remove it and export again")) from None
    return found


def _list(folder: Store, listed: dict[str, Any]) -> None:
    folder.replace(EXPORTS, (json.dumps(dict(sorted(listed.items())), indent=2) + "\n").encode())


def drop_outdated(folder: Store, checksums: Mapping[str, str]) -> tuple[str, ...]:
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
        for file in listed[name]["files"]:
            folder.unlink(f"{name}/{file}")
        folder.remove_empty_folders(name)
    if old:
        _list(folder, {name: entry for name, entry in listed.items() if name not in old})
    return tuple(old)


def _is_outdated(entry: Mapping[str, Any], checksums: Mapping[str, str]) -> bool:
    return any(checksums.get(file) != checksum for file, checksum in entry["made_of"].items())


def export_faults(folder: Store, listed: Mapping[str, Any], checksums: Mapping[str, str]) -> list[Fault]:
    """Exports that are not what was written, or are of another manifest.

    Args:
        folder: The test set.
        listed: As :func:`read_exports` gives them.
        checksums: Of its files beside the audio.
    """
    faults = []
    for name, entry in listed.items():
        again = export_again(folder.path, name)
        if _is_outdated(entry, checksums):
            faults.append(Fault(str(folder.path / name), "this export is of another state of the test set", again))
        present = _files_in(folder, name)
        for file in sorted(present - set(entry["files"])):
            faults.append(Fault(str(folder.path / name / file), "the file is no part of the export", "move it"))
        for file, checksum in entry["files"].items():
            place = str(folder.path / name / file)
            if file not in present:
                faults.append(Fault(place, "the file is missing", again))
            elif folder.sha256(f"{name}/{file}") != checksum:
                faults.append(Fault(place, "the file is not the one that was written", again))
    return faults


def export_again(folder: Location, name: str) -> str:
    """What to do about an export that is not as it should be."""
    return f"export again: acoustigrid export {shlex.quote(str(folder))} --format {name}"
