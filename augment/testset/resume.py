"""A test set's folder, held under a lock: what is there of an earlier build, and what of it stays."""

import secrets
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from augment.errors import Fault, TestSetError
from augment.files.location import Location, Url
from augment.files.objects import STARTED, ObjectStore
from augment.files.store import Kind, Store, Written
from augment.files.walk import STATE
from augment.testset.exports import refuse_in_the_way
from augment.testset.folder import (
    IDENTITY,
    LOCK,
    MANIFEST,
    NAME,
    NO_PART,
    PARTS,
    RECEIPTS,
    SCRATCH,
    SHARED,
    SOUND,
    Rows,
    made_set,
    opened_set,
    read_identity,
    read_rows,
    writing,
)  # fmt: skip
from augment.testset.places import refuse_strange_places


@dataclass(frozen=True)
class Folder:
    """A test set's folder, held under its lock.

    Attributes:
        sealed: The folder.
        finished: Items that are there and need not be made again.
        stale: Items of earlier builds that the plan does not have.
    """

    sealed: Store
    finished: Rows
    stale: tuple[str, ...]

    def reopen(self) -> None:
        """Take back the word that the set is complete, before anything in it is changed."""
        self.sealed.unlink(IDENTITY)
        self.sealed.sync_folder()

    def remove_stale(self, failed: Iterable[str]) -> None:
        """Remove files that the plan does not have, former ones of items that failed, and folders left empty."""
        for name in (*self.stale, *failed):
            self.sealed.unlink(name)
        self.sealed.remove_empty_folders(SOUND)

    def refuse_miscount(self, made: Collection[str], expected: int) -> None:
        """Hold the audio files that are on the disk against what this build believes to have made.

        Args:
            made: Every ``audio_filepath`` of the manifest.
            expected: How many were planned, less those that failed.

        Raises:
            TestSetError: There are others, or not as many.
        """
        present = set(_audio_files(self.sealed))
        missing, strange = sorted(set(made) - present), sorted(present - set(made))
        faults = [Fault(str(self.sealed.path / name), "the file was made, and is not there") for name in missing]
        faults += [Fault(str(self.sealed.path / name), "the file was not made by this build") for name in strange]
        if faults or len(present) != expected:
            message = f"{len(present)} audio files are on the disk where {expected} were planned and did not fail"
            remedy = "the set is not finished: let no other program change it, and run the same command again"
            raise TestSetError([*faults[:MOST_TOLD], Fault(str(self.sealed.path), message, remedy)])

    def forget_parts(self) -> None:
        """Remove what only an unfinished build needs."""
        for name in (PARTS, SCRATCH, STARTED, SHARED, RECEIPTS):
            self.sealed.remove_folder(name)


MOST_TOLD = 10


def refuse_no_set(path: Location) -> None:
    """Refuse a place where no test set can be built, before anything is planned for it; nothing is changed.

    Raises:
        TestSetError: There is a file, or a folder that holds something else.
    """
    if isinstance(path, Url):
        with writing(path):
            store = ObjectStore(path)
            store.refuse_unwritable(f"{STATE}/probe-{secrets.token_hex(8)}")
            _refuse_filled(store)
        return
    if path.exists() and not path.is_dir():
        raise TestSetError(Fault(str(path), "this is a file; expected a folder"))
    if path.is_dir():
        _refuse_filled(opened_set(path))


def _refuse_filled(sealed: Store) -> None:
    started = sealed.kind(STATE) is Kind.FOLDER or sealed.kind(IDENTITY) is Kind.FILE
    if not started and next(sealed.below(), None) is not None:
        message = "the folder holds something that is no test set"
        raise TestSetError(Fault(str(sealed.path), message, "choose a new or empty folder"))


@contextmanager
def open_folder(
    path: Location, name: str, keys: Mapping[str, str], replace: bool, formats: Sequence[str] = ()
) -> Iterator[Folder]:
    """Open the folder of a test set for building.

    Args:
        path: The folder; made if it is not there.
        name: Name of the recipe.
        keys: Key of every planned item by its ``audio_filepath``.
        replace: Allow that finished items of this test set are changed or removed.
        formats: Exports that are to be written to it later.

    Raises:
        TestSetError: It cannot be made, holds something else, holds links where files are kept, holds items that would
            change, or is in use.
    """
    refuse_no_set(path)
    with writing(path), made_set(path) as sealed:
        refuse_strange_places(sealed, formats)
        _refuse_filled(sealed)
        refuse_in_the_way(sealed, formats)
        _refuse_other(sealed, name, replace)
        for folder in (PARTS, SOUND):
            sealed.make_folder(folder)
        with sealed.locked(LOCK):
            _refuse_other(sealed, name, replace)
            yield _opened(sealed, name, keys, replace)


def _opened(sealed: Store, name: str, keys: Mapping[str, str], replace: bool) -> Folder:
    sealed.remove_folder(SCRATCH)
    sealed.replace(NO_PART, b"*\n")
    sealed.replace(NAME, name.encode())
    for folder in (STATE, ""):
        sealed.sync_folder(folder)
    known = _known(sealed, keys)
    unlisted = [name for name in sealed.abandoned() if name not in known and name not in keys]
    _refuse_foreign(sealed, known, keys, set(unlisted))
    changed = sorted(n for n, row in known.items() if keys.get(n, row["key"]) != row["key"])
    gone = sorted(n for n in known if n not in keys)
    if (changed or gone) and not replace:
        message = (
            f"the folder holds a test set named '{name}' of which {len(changed)} files would change and "
            f"{len(gone)} would go (the first: {(changed + gone)[0]})"
        )
        raise TestSetError(Fault(str(sealed.path), message, "choose another folder, or allow it with --replace"))
    return Folder(sealed, _still_there(sealed, known, keys), (*gone, *unlisted))


def finished_items(sealed: Store, keys: Mapping[str, str]) -> Rows:
    """Items that are there and need not be made again.

    Args:
        sealed: The test set.
        keys: Key of every item that is wanted, by its ``audio_filepath``.
    """
    return _still_there(sealed, _known(sealed, keys), keys)


def _still_there(sealed: Store, known: Rows, keys: Mapping[str, str]) -> Rows:
    wanted = {n: row for n, row in known.items() if keys.get(n) == row["key"]}
    whole = set(sealed.intact(Written(n, row["sha256"], row.get("md5")) for n, row in wanted.items()))
    return {n: row for n, row in wanted.items() if n in whole}


def _refuse_foreign(sealed: Store, *ours: Container[str]) -> None:
    """Refuse files below ``audio/`` that no manifest and no plan of this test set lists: they are not ours to remove.

    Raises:
        TestSetError: There are some; the first of them are named.
    """
    strange = sorted(name for name in _audio_files(sealed) if not any(name in some for some in ours))
    if strange:
        remedy = "move it away"
        faults = [Fault(str(sealed.path / name), "the file is no part of this test set", remedy) for name in strange]
        more = f"{len(strange)} files below audio/ are not of this test set, and nothing was changed"
        raise TestSetError([*faults[:MOST_TOLD], Fault(str(sealed.path), more)])


def _audio_files(sealed: Store) -> Iterator[str]:
    """Files below ``audio/`` but hidden ones, which are never ours: systems leave such things in any folder."""
    return (name for name in sealed.files(SOUND) if not any(part.startswith(".") for part in name.split("/")))


def _refuse_other(sealed: Store, name: str, replace: bool) -> None:
    found: str | None = None
    if sealed.kind(IDENTITY) is Kind.FILE:
        found = str(read_identity(sealed, any_version=replace)["name"])
    elif sealed.kind(NAME) is Kind.FILE:
        found = sealed.read(NAME).decode(errors="replace")
    if found and found != name:
        message = f"the folder holds another test set, '{found}'; the recipe's name is '{name}'"
        raise TestSetError(Fault(str(sealed.path), message, "choose another folder"))


def _known(sealed: Store, keys: Mapping[str, str]) -> Rows:
    """Items that earlier builds have finished, by the manifest and by parts of builds that were stopped."""
    places = [name for name in sealed.files(PARTS) if name.endswith(".jsonl")]
    if sealed.kind(MANIFEST) is Kind.FILE:
        places.insert(0, MANIFEST)
    known: Rows = {}
    for row in (row for place in places for row in read_rows(sealed, place)):
        name = row["audio_filepath"]
        if name not in known or row["key"] == keys.get(name):  # of two, the one that is wanted now
            known[name] = row
    return known
