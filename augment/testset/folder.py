"""A test set's folder: what its files are called, and how they are read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from augment.bounds import LARGEST_TABLE_BYTES
from augment.errors import Fault, TestSetError
from augment.files.json_rows import JsonRows, Row, Take, read_json_rows
from augment.files.json_text import strict_json
from augment.files.location import Location, Url
from augment.files.objects import ObjectStore
from augment.files.refusals import RefusedError
from augment.files.sealed import SealedFolder
from augment.files.store import Kind, Store
from augment.files.walk import STATE, TEST_SET
from augment.testset.versions import refuse_version

MANIFEST = "manifest.jsonl"
IDENTITY = TEST_SET
RECIPE = "recipe.yaml"
PLAN = "plan.parquet"
PROFILES = "profiles.json"
FIGURES = "figures.json"
COVERAGE = "coverage.txt"
CSV = "manifest.csv"
DATASHEET = "datasheet.md"
PAGE = "datasheet.html"
CROISSANT = "croissant.json"
FAILURES = "failures.jsonl"
EXPORTS = "exports.json"
FAILURE = ("audio_filepath", "utterance", "condition", "reason")
"""What is told of an item that could not be made."""
WHERE = "where.json"
SOUND = "audio"
PARTS = f"{STATE}/parts"
SCRATCH = f"{STATE}/temp"
SHARED = f"{STATE}/plan"
"""A plan for those who build its shards."""
RECEIPTS = f"{STATE}/shards"
"""What they leave behind."""
LOCK = f"{STATE}/lock"
NAME = f"{STATE}/name"
TOKEN = f"{STATE}/token"
"""Tells other machines whether they see this very folder."""
NO_PART = f"{STATE}/.gitignore"
"""Says that what lies beside it is no part of the set."""

AUDIO = re.compile(r"audio/(?!\.)[^/\\\0]+/(?!\.)[^/\\\0]+")
"""What an ``audio_filepath`` looks like: one that does not may lead out of the folder."""

BESIDE = re.compile(r"(?!\.)[^/\\\0]+")
"""What a file beside the audio is called."""
EXPECTED = f"expected the folder of a test set, with {IDENTITY}"

SHAPE: dict[str, type] = {"name": str, "items": dict, "checksums": dict, "profiles": dict, "bytes_version": int}
"""What ``testset.json`` must hold to be read again."""


def opened_set(path: Location) -> Store:
    """Open the folder of a test set, to read it.

    Raises:
        TestSetError: There is no such folder or bucket, or it cannot be opened.
    """
    try:
        if isinstance(path, Url):
            found = ObjectStore(path)
            found.refuse_unreachable()
            return found
        return SealedFolder(path, SCRATCH)
    except RefusedError as error:
        raise TestSetError(Fault(str(error.filename), str(error.strerror), error.remedy)) from None
    except (FileNotFoundError, NotADirectoryError):
        raise TestSetError(Fault(str(path), "this is not a folder", EXPECTED)) from None
    except OSError as error:
        raise TestSetError(Fault(str(path), f"cannot be read: {error.strerror or error}")) from None


@contextmanager
def made_set(path: Location) -> Iterator[Store]:
    """Open the folder of a test set to write into it; a folder is made if it is not there.

    Raises:
        OSError: It cannot be opened or made.
    """
    if isinstance(path, Url):
        yield ObjectStore(path)
        return
    with SealedFolder.made(path, SCRATCH) as sealed:
        yield sealed


@contextmanager
def writing(place: Location, again: str = "run the same command again") -> Iterator[None]:
    """What the system refuses while a test set is written, told as a fault.

    Args:
        place: What is written.
        again: What to do when there is room.

    Raises:
        TestSetError: In place of any OSError.
    """
    try:
        yield
    except RefusedError as error:
        raise TestSetError(error.fault(f"look at the store, then {again}")) from error
    except OSError as error:
        message, remedy = f"cannot be written: {error.strerror or error}", "make room or choose another folder"
        if isinstance(error, FileNotFoundError) and isinstance(place, Path):  # all that is written to was made before
            message = "something in it was removed or renamed while it was written"
            remedy = "let no other program change it"
        raise TestSetError(Fault(str(place), message, f"{remedy}, then {again}")) from error


def read_identity(folder: Store, any_version: bool = False) -> dict[str, Any]:
    """What ``testset.json`` says.

    Args:
        folder: The test set.
        any_version: Read it whatever version wrote it, as who replaces it may.

    Raises:
        TestSetError: It is not there, not what this program writes, or of another version.
    """
    place = str(folder.path / IDENTITY)
    if folder.kind(IDENTITY) is Kind.NOTHING:
        begun = folder.kind(NAME) is Kind.FILE
        remedy = "a build was stopped here: the same `build` command goes on with it" if begun else EXPECTED
        raise TestSetError(Fault(str(folder.path), "there is no finished test set in this folder", remedy))
    try:
        identity: dict[str, Any] = strict_json(folder.read(IDENTITY, LARGEST_TABLE_BYTES).decode())
        for name, kind in SHAPE.items():
            if not isinstance(identity, dict) or type(identity.get(name)) is not kind:
                raise TypeError(f"'{name}' is missing or of another kind")
        for name in identity["checksums"]:
            if not BESIDE.fullmatch(name):
                raise ValueError(f"'checksums' names {name!r}; expected files beside it")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise TestSetError(Fault(place, f"is damaged: {error}", "build the test set again")) from None
    if not any_version:
        refuse_version(folder.path, identity)
    return identity


def read_rows(folder: Store, name: str = MANIFEST, take: Take | None = None) -> JsonRows:
    """Rows of a JSON Lines file that this program wrote; they stay there.

    Args:
        folder: The test set.
        name: Of the file in it.
        take: Looks at each row that has what all rows must have.

    Raises:
        TestSetError: Lines are damaged.
    """

    def checked(number: int, row: Row) -> None:
        if not all(isinstance(row[column], str) for column in ("audio_filepath", "key", "sha256")):
            raise TypeError("expected text")
        if not AUDIO.fullmatch(row["audio_filepath"]):
            raise ValueError("expected a path audio/CONDITION/FILE")
        if take is not None:
            take(number, row)

    return read_json_rows(folder, name, checked)
