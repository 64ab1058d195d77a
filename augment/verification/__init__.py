"""Checking a finished test set.

From the files alone, every item's file is compared with its row and with the other files of its utterance. If the
sources are available, everything but the audio is made again and compared, and a sample of items is rendered again.
"""

from array import array
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from augment.errors import Fault, TestSetError
from augment.execute import Way
from augment.files.json_rows import JsonRows, Row, Rows
from augment.files.location import Location
from augment.files.store import Kind, Store
from augment.progress import SILENT, Progress
from augment.testset.by_name import ByName, NameIndex
from augment.testset.exports import export_faults, read_exports
from augment.testset.folder import EXPORTS, IDENTITY, PLAN, opened_set, read_identity, read_rows
from augment.testset.identity import set_identity
from augment.testset.places import strange_places
from augment.testset.planned import PlannedRows, read_plan
from augment.verification.books import bookkeeping, side_files, strangers
from augment.verification.design import design_faults
from augment.verification.disk import Disk
from augment.verification.listening import Listening, Whole, listen
from augment.verification.origin import Origin
from augment.verification.remade import Makers
from augment.verification.sources import SelfDescription, self_description
from augment.verification.verdict import CheckOptions, Protocol, Unchecked, Verdict


def examine(path: Location, asked: CheckOptions, makers: Makers, way: Way, progress: Progress = SILENT) -> Verdict:
    """Check a test set; see :func:`augment.verify`.

    Args:
        path: The test set.
        asked: How to check it.
        makers: The verbs that make a set.
        way: Where its files are read, and items rendered again.
        progress: Told how far it has got.

    Raises:
        TestSetError: There is no test set in the folder, it is of another version, or its manifest or plan cannot be
            read.
    """
    with progress.step("reading the test set"):
        sealed = opened_set(path)
        identity = read_identity(sealed)
        disk, protocol = Disk(sealed, path), Protocol(path)
        exported = _exports(disk, protocol)
        strange = strange_places(sealed, exported or ())
        if strange:  # nothing is read through a link, so nothing more can be said
            return Verdict(path, 0, 0, (*protocol.deviations, *strange))
        rows, by_name = _read(sealed)
        told = _books(disk, identity, by_name, read_plan(disk.read(PLAN), path / PLAN), exported, protocol)
    whole = Whole.of(disk, rows, protocol)
    known = {} if told is None else {condition.name: condition for condition in told.conditions}
    job = Listening(sealed, path, None if told is None else told.loaded.recipe, known)
    heard = listen(disk, whole, job, way, protocol, progress, told)
    rendered = 0
    if told is not None:
        rendered = Origin(told, asked, makers, way, protocol).check(whole.picked, exported or {}, progress)
    if rendered == len(rows):
        protocol.all_rendered()
    found = _identity(disk, identity, rows, heard, asked, protocol)
    return protocol.verdict(int(np.count_nonzero(heard)), rendered, found, asked.seed)


def _read(sealed: Store) -> tuple[JsonRows, ByName]:
    """Rows of the manifest, and the same by their names, which are noted while it is read."""
    hashes = array("q")
    rows = read_rows(sealed, take=lambda _, row: hashes.append(hash(row["audio_filepath"])))
    return rows, ByName(rows, NameIndex.of_hashes(hashes))


def _exports(disk: Disk, protocol: Protocol) -> Row | None:
    """What the set was exported to; None if the list cannot be read, which is reported like any other fault."""
    if disk.sealed.kind(EXPORTS) is not Kind.FILE:
        return {}
    try:
        return read_exports(disk.sealed)
    except TestSetError as error:
        protocol.deviations += error.faults
        what = "the folders of exports"
        protocol.unchecked.append(Unchecked(what, f"{EXPORTS} is damaged", "remove it and export again"))
        return None


def _books(
    disk: Disk, identity: Row, rows: ByName, planned: PlannedRows, exported: Row | None, protocol: Protocol
) -> SelfDescription | None:
    """Check what can be checked without reading audio; returns the set as its files describe it, if they do."""
    protocol.attempt("files beside the audio", lambda: side_files(disk, identity))
    protocol.attempt("counts", lambda: bookkeeping(disk, identity, rows, planned))
    protocol.attempt("exports", lambda: export_faults(disk.sealed, exported or {}, identity["checksums"]))
    protocol.attempt("files in the folder", lambda: _folder(disk, rows, exported, protocol))
    told: list[SelfDescription] = []

    def understand() -> list[Fault]:
        told.append(self_description(disk, identity, rows, planned))
        return []

    if not protocol.attempt("recipe", understand):
        return None
    if protocol.attempt("design", lambda: design_faults(told[0])):
        said = "items, blocks, columns and what rows of an utterance have in common, held against recipe and each other"
        protocol.checks.append(("design", said))
    return told[0]


def _folder(disk: Disk, rows: ByName, exported: Row | None, protocol: Protocol) -> list[Fault]:
    """Look for what does not belong in the folder, and say what was found."""
    found = strangers(disk, rows, exported)
    if found.dropped:
        left = "left by file managers (.DS_Store, Thumbs.db and the like), no part of the set"
        protocol.remarks.append(f"{found.dropped} things in the folder were {left}")
    protocol.checks.append(("folder", f"{found.files} files held against manifest, testset.json and exports.json"))
    return found.faults


def _identity(
    disk: Disk, identity: Row, rows: Rows, heard: NDArray[np.bool_], asked: CheckOptions, protocol: Protocol
) -> str:
    """One hash of the set as it is, compared with the one that was published.

    Args:
        disk: The set.
        identity: Its ``testset.json``.
        rows: Of its manifest.
        heard: For each of them whether its file was read, so that its hash is the row's or noted; shape (n,).
        asked: How to check.
        protocol: Where findings are recorded.
    """

    def hash_of(name: str, known: str) -> str:
        has = disk.hashes.get(name, known)
        try:
            return has or disk.hash(name)
        except TestSetError:
            return ""  # reported where the file is checked

    lacking = list[str]()

    def hashes() -> Iterator[tuple[str, str]]:
        audio = (
            (row["audio_filepath"], row["sha256"] if was_heard else "")
            for row, was_heard in zip(rows, heard, strict=True)
        )
        for name, known in chain(((name, "") for name in (*identity["checksums"], IDENTITY)), audio):
            checksum = hash_of(name, known)
            lacking.extend([] if checksum or lacking else [name])
            yield name, checksum

    found = set_identity(hashes())
    found = "" if lacking else found
    if asked.identity is None:
        return found
    if asked.identity.strip().casefold().removeprefix("sha256:") != found:
        message = f"the identity of the set is {found or 'unknown, since files are missing'}; expected {asked.identity}"
        remedy = "it is not the set that was published: fetch it again, or ask its maker"
        protocol.deviations.append(Fault(str(disk.folder), message, remedy))
    else:
        protocol.checks.append(("identity", "it is the set that its maker published"))
    return found
