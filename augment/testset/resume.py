"""A test set's folder, held under a lock: what is there of an earlier build, and what of it stays."""

import secrets
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.errors import Fault, TestSetError
from augment.files.json_rows import Row
from augment.files.location import Location, Url
from augment.files.objects import STARTED, ObjectStore
from augment.files.store import Kind, Store, Written
from augment.files.walk import STATE
from augment.sequences import portions
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
    made_set,
    opened_set,
    read_identity,
    read_rows,
    writing,
)  # fmt: skip
from augment.testset.parts import AT_ONCE, PartRows, PlannedKeys
from augment.testset.places import refuse_strange_places


@dataclass(frozen=True)
class Folder:
    """A test set's folder, held under its lock.

    Attributes:
        sealed: The folder.
        keys: Which items are planned.
        finished: Rows of items that are there and need not be made again; a build adds those that it makes.
        reused: How many were there when it was opened.
        stale: Items of earlier builds that the plan does not have.
    """

    sealed: Store
    keys: PlannedKeys
    finished: PartRows
    reused: int
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

    def refuse_miscount(self, rows: Iterable[Row], expected: int) -> None:
        """Hold the audio files that are on the disk against what this build believes to have made.

        Args:
            rows: Of the manifest, in the order of the plan.
            expected: How many were planned, less those that failed.

        Raises:
            TestSetError: There are others, or not as many.
        """
        made, present, strange = self.finished.numbers, 0, list[str]()
        missing = np.zeros(len(self.keys), bool)
        missing[made] = True
        wanted = missing.copy()
        for names in portions(_audio_files(self.sealed), AT_ONCE):
            numbers = self.keys.numbers(names)
            known = (numbers >= 0) & wanted[np.maximum(numbers, 0)]
            missing[numbers[known]] = False
            strange += [name for name, is_known in zip(names, known, strict=True) if not is_known]
            present += len(names)
        lost = zip(rows, missing[made], strict=True) if missing.any() else ()
        gone = sorted(row["audio_filepath"] for row, is_missing in lost if is_missing)
        faults = [Fault(str(self.sealed.path / name), "the file was made, and is not there") for name in gone]
        faults += [
            Fault(str(self.sealed.path / name), "the file was not made by this build") for name in sorted(strange)
        ]
        if faults or present != expected:
            message = f"{present} audio files are on the disk where {expected} were planned and did not fail"
            remedy = "the set is not finished: let no other program change it, and run the same command again"
            raise TestSetError([*faults[:MOST_TOLD], Fault(str(self.sealed.path), message, remedy)])

    def forget_parts(self) -> None:
        """Remove what only an unfinished build needs."""
        for name in (PARTS, SCRATCH, STARTED, SHARED, RECEIPTS):
            self.sealed.remove_folder(name)


MOST_TOLD = 10
PROBE = f"{STATE}/probe-"
"""What names of objects begin with by which it is tried whether a store takes and gives back what is written."""


def refuse_no_set(path: Location) -> None:
    """Refuse a place where no test set can be built, before anything is planned for it; nothing is changed.

    Raises:
        TestSetError: There is a file, or a folder that holds something else.
    """
    if isinstance(path, Url):
        with writing(path):
            store = ObjectStore(path)
            _refuse_filled(store)  # nothing is written among what is not ours
            store.refuse_unwritable(f"{PROBE}{secrets.token_hex(8)}")
        return
    if path.exists() and not path.is_dir():
        raise TestSetError(Fault(str(path), "this is a file; expected a folder"))
    if path.is_dir():
        _refuse_filled(opened_set(path))


def _refuse_filled(sealed: Store) -> None:
    if not _begun(sealed) and any(not _of_probes(*found) for found in sealed.below()):
        message = "the folder holds something that is no test set"
        raise TestSetError(Fault(str(sealed.path), message, "choose a new or empty folder"))


def _begun(sealed: Store) -> bool:
    """Whether a test set is there, or was begun; probes of whoever came no further than that are none."""
    if sealed.kind(IDENTITY) is Kind.FILE:
        return True
    if sealed.kind(STATE) is not Kind.FOLDER:
        return False
    first = next(sealed.below(STATE), None)
    return first is None or any(not _of_probes(*found) for found in sealed.below(STATE))


def _of_probes(name: str, kind: Kind) -> bool:
    return name.startswith(PROBE) or (name == STATE and kind is Kind.FOLDER)


@contextmanager
def open_folder(
    path: Location, name: str, keys: PlannedKeys, replace: bool, formats: Sequence[str] = ()
) -> Iterator[Folder]:
    """Open the folder of a test set for building.

    Args:
        path: The folder; made if it is not there.
        name: Name of the recipe.
        keys: Which items are planned.
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


def _opened(sealed: Store, name: str, keys: PlannedKeys, replace: bool) -> Folder:
    sealed.remove_folder(SCRATCH)
    sealed.replace(NO_PART, b"*\n")
    sealed.replace(NAME, name.encode())
    for folder in (STATE, ""):
        sealed.sync_folder(folder)
    rows, other, gone = _known(sealed, keys, _places(sealed))
    begun = sealed.abandoned()
    unlisted = {name for name, number in zip(begun, keys.numbers(begun).tolist(), strict=True) if number < 0} - gone
    _refuse_foreign(sealed, keys, gone | unlisted)
    if (other.size or gone) and not replace:
        changed = min((rows.row(number)["audio_filepath"] for number in other.tolist()), default=None)
        message = (
            f"the folder holds a test set named '{name}' of which {other.size} files would change and "
            f"{len(gone)} would go (the first: {min(gone) if changed is None else changed})"
        )
        raise TestSetError(Fault(str(sealed.path), message, "choose another folder, or allow it with --replace"))
    _drop_broken(rows, other, sealed)
    return Folder(sealed, keys, rows, len(rows), tuple(sorted(gone | unlisted)))


def finished_items(sealed: Store, keys: PlannedKeys, elsewhere: Callable[[str], bool]) -> PartRows:
    """Rows of items that are there and need not be made again.

    Args:
        sealed: The test set.
        keys: Which items are wanted.
        elsewhere: Whether a part-manifest, by its name, can have none of them.
    """
    rows, other, _ = _known(sealed, keys, [name for name in _places(sealed) if not elsewhere(name)])
    _drop_broken(rows, other, sealed)
    return rows


def _drop_broken(rows: PartRows, other: NDArray[np.int64], sealed: Store) -> None:
    """Forget items of another key, and those whose file is not there as it was written."""
    rows.forget(other.tolist())
    numbers = rows.as_they_lie.tolist()
    rows.forget([file.number for file in sealed.damaged(_written(number, rows.row(number)) for number in numbers)])


def _written(number: int, row: Row) -> Written:
    return Written(row["audio_filepath"], row["sha256"], row.get("md5"), number)


def _refuse_foreign(sealed: Store, keys: PlannedKeys, gone: Container[str]) -> None:
    """Refuse files below ``audio/`` that no manifest and no plan of this test set lists: they are not ours to remove.

    Raises:
        TestSetError: There are some; the first of them are named.
    """
    strange = list[str]()
    for names in portions(_audio_files(sealed), AT_ONCE):
        numbers = keys.numbers(names).tolist()
        strange += [name for name, number in zip(names, numbers, strict=True) if number < 0 and name not in gone]
    if strange:
        remedy = "move it away"
        first = sorted(strange)[:MOST_TOLD]
        faults = [Fault(str(sealed.path / name), "the file is no part of this test set", remedy) for name in first]
        more = f"{len(strange)} files below audio/ are not of this test set, and nothing was changed"
        raise TestSetError([*faults, Fault(str(sealed.path), more)])


def _audio_files(sealed: Store) -> Iterator[str]:
    """Files below ``audio/`` but hidden ones, which are never ours: systems leave such things in any folder.

    Raises:
        TestSetError: There are links or other things below it; all of them are named.
    """
    faults = list[Fault]()
    for name, kind in sealed.below(SOUND):
        if kind not in (Kind.FILE, Kind.FOLDER):
            faults.append(sealed.fault(name, kind))
        elif kind is Kind.FILE and not any(part.startswith(".") for part in name.split("/")):
            yield name
    if faults:
        raise TestSetError(faults)


def _refuse_other(sealed: Store, name: str, replace: bool) -> None:
    found: str | None = None
    if sealed.kind(IDENTITY) is Kind.FILE:
        found = str(read_identity(sealed, any_version=replace)["name"])
    elif sealed.kind(NAME) is Kind.FILE:
        found = sealed.read(NAME).decode(errors="replace")
    if found and found != name:
        message = f"the folder holds another test set, '{found}'; the recipe's name is '{name}'"
        raise TestSetError(Fault(str(sealed.path), message, "choose another folder"))


def _places(sealed: Store) -> list[str]:
    """Files that hold rows of finished items."""
    places = [name for name in sealed.files(PARTS) if name.endswith(".jsonl")]
    return [MANIFEST, *places] if sealed.kind(MANIFEST) is Kind.FILE else places


def _known(sealed: Store, keys: PlannedKeys, places: Iterable[str]) -> tuple[PartRows, NDArray[np.int64], set[str]]:
    """Items that earlier builds have finished, by the manifest and by parts of builds that were stopped.

    Returns:
        Their rows, of two the one that is wanted now; numbers of those that have another key than is planned; and
        names of items that are not planned.
    """
    known, fits, gone = PartRows(sealed, keys), np.zeros(len(keys), bool), set[str]()
    for place in places:
        found = _Named(keys)
        rows = read_rows(sealed, place, found.take)
        numbers, wanted = found.all
        starts = np.frombuffer(rows.starts, np.int64)[:-1]
        new = np.flatnonzero((numbers >= 0) & ~wanted)[::-1]  # of two in one file, the first
        new = new[known.lacks(numbers[new])]
        known.put(place, numbers[new], starts[new])
        known.put(place, numbers[wanted], starts[wanted])
        fits[numbers[wanted]] = True
        gone |= found.gone
    return known, known.numbers[~fits[known.numbers]], gone


class _Named:
    """Numbers in the plan of the items of a file, and whether they have the keys that are wanted now."""

    def __init__(self, keys: PlannedKeys) -> None:
        self.gone = set[str]()
        self._planned, self._names, self._keys = keys, list[str](), list[str]()
        self._numbers, self._wanted = [np.empty(0, np.int32)], [np.empty(0, bool)]

    def take(self, number: int, row: Row) -> None:
        """Look at a row."""
        del number
        self._names.append(row["audio_filepath"])
        self._keys.append(row["key"])
        if len(self._names) == AT_ONCE:
            self._look_up()

    @property
    def all(self) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """For every row its number in the plan, -1 if it has none, and whether its key is wanted; shapes (n,)."""
        self._look_up()
        return np.concatenate(self._numbers), np.concatenate(self._wanted)

    def _look_up(self) -> None:
        numbers = self._planned.numbers(self._names)
        self._numbers.append(numbers)
        self._wanted.append(self._planned.wanted(numbers, self._keys))
        self.gone.update(name for name, number in zip(self._names, numbers.tolist(), strict=True) if number < 0)
        self._names, self._keys = [], []
