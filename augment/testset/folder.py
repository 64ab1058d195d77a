"""A test set's folder: opened under a lock, resumed, completed."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.errors import Fault, TestSetError
from augment.files.atomic import locked, sync_one
from augment.files.walk import STATE, TEST_SET

MANIFEST = "manifest.jsonl"
IDENTITY = TEST_SET
RECIPE = "recipe.yaml"
PLAN = "plan.parquet"
PROFILES = "profiles.json"
COVERAGE = "coverage.txt"
CSV = "manifest.csv"
DATASHEET = "datasheet.md"
PAGE = "datasheet.html"
CROISSANT = "croissant.json"
FAILURES = "failures.jsonl"
WHERE = "where.json"
AUDIO = re.compile(r"audio/(?!\.)[^/\\\0]+/(?!\.)[^/\\\0]+")
"""What an ``audio_filepath`` looks like: one that does not may lead out of the folder."""

SHAPE: dict[str, type] = {"name": str, "items": dict, "checksums": dict, "profiles": dict, "bytes_version": int}
"""What ``testset.json`` must hold to be read again."""

Rows = dict[str, dict[str, Any]]
"""What is known of finished items, by their ``audio_filepath``."""


@dataclass(frozen=True)
class Folder:
    """A test set's folder, held under its lock.

    Attributes:
        path: The folder.
        finished: Items that are there and need not be made again.
        stale: Files below ``audio/`` that the plan does not have.
    """

    path: Path
    finished: Rows
    stale: tuple[str, ...]

    @property
    def state(self) -> Path:
        """What is needed to go on after a stop; not part of the test set."""
        return self.path / STATE

    def reopen(self) -> None:
        """Take back the word that the set is complete, before anything in it is changed."""
        (self.path / IDENTITY).unlink(missing_ok=True)
        sync_one(self.path)

    def remove_stale(self) -> None:
        """Remove files that the plan does not have, and folders that are left empty."""
        for name in self.stale:
            (self.path / name).unlink(missing_ok=True)
        for folder in sorted((self.path / "audio").glob("*")):
            if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()

    def forget_parts(self) -> None:
        """Remove what only an unfinished build needs."""
        for name in ("parts", "temp"):
            shutil.rmtree(self.state / name, ignore_errors=True)


@contextmanager
def open_folder(path: Path, name: str, keys: Mapping[str, str], replace: bool) -> Iterator[Folder]:
    """Open the folder of a test set for building.

    Args:
        path: The folder; made if it is not there.
        name: Name of the recipe.
        keys: Key of every planned item by its ``audio_filepath``.
        replace: Allow that finished items of this test set are changed or removed.

    Raises:
        TestSetError: It cannot be made, holds something else, holds items that would change, or is in use.
    """
    try:
        if path.exists() and not path.is_dir():
            raise TestSetError(Fault(str(path), "this is a file; expected a folder"))
        if path.is_dir() and any(path.iterdir()) and not (path / STATE).is_dir() and not (path / IDENTITY).exists():
            message = "the folder holds something that is no test set"
            raise TestSetError(Fault(str(path), message, "choose a new or empty folder"))
        _refuse_other(path, name)
        for folder in (path / STATE / "parts", path / "audio"):
            folder.mkdir(parents=True, exist_ok=True)
        (path / STATE / ".gitignore").write_text("*\n", encoding="ascii")  # what is in here is no part of the set
        with locked(path / STATE / "lock"):
            _refuse_other(path, name)
            yield _opened(path, name, keys, replace)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        remedy = "make room or choose another folder, then run the same command again"
        raise TestSetError(Fault(str(path), message, remedy)) from None


def _opened(path: Path, name: str, keys: Mapping[str, str], replace: bool) -> Folder:
    (path / STATE / "name").write_text(name, encoding="utf-8")
    shutil.rmtree(path / STATE / "temp", ignore_errors=True)
    for left in [*path.glob(".*.tmp"), *(path / STATE).rglob(".*.tmp")]:
        left.unlink()
    for folder in (path / STATE, path, path.resolve().parent):
        sync_one(folder)
    known = _known(path, keys)
    present = {p.relative_to(path).as_posix() for p in (path / "audio").rglob("*") if p.is_symlink() or not p.is_dir()}
    changed = sorted(n for n, row in known.items() if keys.get(n, row["key"]) != row["key"])
    gone = sorted((present | set(known)) - set(keys))
    if (changed or gone) and not replace:
        message = (
            f"the folder holds a test set named '{name}' of which {len(changed)} files would change and "
            f"{len(gone)} would go (the first: {(changed + gone)[0]})"
        )
        raise TestSetError(Fault(str(path), message, "choose another folder, or allow it with --replace"))
    kept = {n: row for n, row in known.items() if keys.get(n) == row["key"] and _is_whole(path, row)}
    return Folder(path, kept, tuple(gone))


def _refuse_other(path: Path, name: str) -> None:
    marker, identity = path / STATE / "name", path / IDENTITY
    found: str | None = None
    if identity.exists():
        found = str(read_identity(path)["name"])
    elif marker.exists():
        found = marker.read_text(encoding="utf-8")
    if found and found != name:
        message = f"the folder holds another test set, '{found}'; the recipe's name is '{name}'"
        raise TestSetError(Fault(str(path), message, "choose another folder"))


def read_identity(path: Path) -> dict[str, Any]:
    """What ``testset.json`` says.

    Raises:
        TestSetError: It is not there, or not what this program writes.
    """
    place = path / IDENTITY
    if not place.is_file():
        message = "there is no finished test set in this folder" if path.is_dir() else "this is not a folder"
        raise TestSetError(Fault(str(path), message, f"expected the folder of a test set, with {IDENTITY}"))
    try:
        identity: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        for name, kind in SHAPE.items():
            if not isinstance(identity, dict) or type(identity.get(name)) is not kind:
                raise TypeError(f"'{name}' is missing or of another kind")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise TestSetError(Fault(str(place), f"is damaged: {error}", "build the test set again")) from None
    return identity


def read_rows(place: Path) -> list[dict[str, Any]]:
    """Rows of a JSON Lines file that this program wrote.

    Raises:
        TestSetError: A line is damaged.
    """
    rows = []
    try:
        lines = place.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TestSetError(Fault(str(place), f"cannot be read: {error}")) from None
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                row = json.loads(line)
                if not all(isinstance(row[name], str) for name in ("audio_filepath", "key", "sha256")):
                    raise TypeError("expected text")
                if not AUDIO.fullmatch(row["audio_filepath"]):
                    raise ValueError("expected a path audio/CONDITION/FILE")
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise TestSetError(Fault(f"{place}:{number}", f"the line is damaged: {error!r}")) from None
            rows.append(row)
    return rows


def _known(path: Path, keys: Mapping[str, str]) -> Rows:
    """Items that earlier builds have finished, by the manifest and by parts of builds that were stopped."""
    places = sorted((path / STATE / "parts").glob("*.jsonl"))
    if (path / MANIFEST).exists():
        places.insert(0, path / MANIFEST)
    known: Rows = {}
    for row in (row for place in places for row in read_rows(place)):
        name = row["audio_filepath"]
        if name not in known or row["key"] == keys.get(name):  # of two, the one that is wanted now
            known[name] = row
    return known


def _is_whole(path: Path, row: dict[str, Any]) -> bool:
    """Whether a finished file is still there as it was written."""
    try:
        with (path / row["audio_filepath"]).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == str(row["sha256"])
    except OSError:
        return False
