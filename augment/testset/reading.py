"""A finished test set as its files tell it: what exporters are handed."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from augment.bounds import LARGEST_TABLE_BYTES
from augment.columns import ROW
from augment.corpus.foreign_tables import free_name
from augment.errors import Fault, TestSetError, gathered
from augment.files.json_rows import MOST_FAULTS
from augment.files.json_rows import Row as Row
from augment.files.location import Location
from augment.files.store import Store
from augment.testset.folder import IDENTITY, MANIFEST, opened_set, read_identity, read_rows
from augment.testset.places import refuse_strange_places

PLAIN = (str, int, float, type(None))


@dataclass(frozen=True)
class Finished:
    """A finished test set.

    Attributes:
        folder: Where it is, open.
        identity: What ``testset.json`` says.
        rows: Of the manifest, all with the same keys. They may be on the disk: go through them once.
        manifest_sha256: Of the manifest's bytes.
    """

    folder: Store
    identity: Mapping[str, Any]
    rows: Sequence[Row]
    manifest_sha256: str

    @property
    def name(self) -> str:
        """Name of the recipe."""
        return str(self.identity["name"])

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that hold labels of the corpus, such as the accent."""
        return tuple(self.identity["labels"])

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns that hold settings of the factors, such as the noise."""
        return tuple(self.identity["factors"])

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns of the manifest, in order."""
        return tuple(self.rows[0]) if self.rows else ()

    def narrowed(self, columns: Container[str]) -> "Finished":
        """The same with some columns only, whose rows are in memory: for those who go through them again and again."""
        return replace(self, rows=[{name: row[name] for name in row if name in columns} for row in self.rows])

    def audio(self, row: Row) -> bytes:
        """The audio file of a row, checked against the hash in the row.

        Raises:
            TestSetError: It is not there, cannot be read, or is not the file that was built.
        """
        return self._read(row["audio_filepath"], row["sha256"])

    def beside(self, name: str) -> bytes:
        """A file beside the audio, such as the data sheet, checked against the hash in ``testset.json``.

        Raises:
            TestSetError: It is not there, or not as it was written.
        """
        return self._read(name, self.identity["checksums"].get(name))

    def _read(self, name: str, checksum: str | None) -> bytes:
        place, remedy = str(self.folder.path / name), "build the test set again"
        try:
            data = self.folder.read(name, LARGEST_TABLE_BYTES)
        except OSError as error:
            raise TestSetError(Fault(place, f"cannot be read: {error.strerror or error}", remedy)) from None
        if hashlib.sha256(data).hexdigest() != checksum:
            raise TestSetError(Fault(place, "the file is not the one that was built: its checksum differs", remedy))
        return data

    def others(self, row: Row, known: tuple[str, ...], own: Container[str] = ()) -> Row:
        """The columns of a row that a format has no place of its own for.

        Args:
            row: Of the manifest.
            known: Columns that the format holds elsewhere.
            own: Names that mean something to the format: a column of such a name becomes ``label_...``.
        """
        kept = ((name, value) for name, value in row.items() if name not in known)
        return {free_name(name, own, row): value for name, value in kept}


def read_finished(folder: Location, formats: Iterable[str] = ()) -> Finished:
    """Read a finished test set.

    Args:
        folder: Where it is.
        formats: Exports that are to be written to it.

    Raises:
        TestSetError: There is none, it was built by an earlier version, a link stands where its files are kept, or its
            manifest is not the one that was built.
    """
    sealed = opened_set(folder)
    identity = read_identity(sealed)
    if not all(isinstance(identity.get(name), list) for name in ("labels", "factors")):
        message = "says neither which columns are labels nor which are factors"
        raise TestSetError(Fault(str(folder / IDENTITY), message, "build the test set again: finished files are kept"))
    refuse_strange_places(sealed, formats)
    faults, wanted = list[Fault](), {column.name for column in ROW}

    def take(number: int, row: Row) -> None:
        wanted.update(row if number == 0 else ())
        fault = _odd(folder, number + 1, row, wanted)
        faults.extend([fault] if fault else ())

    rows = read_rows(sealed, take=take)
    if rows.sha256 != identity["checksums"].get(MANIFEST):
        message = "the manifest is not the one that was built: its checksum differs"
        raise TestSetError(Fault(str(folder / MANIFEST), message, "build the test set again"))
    if faults:
        raise TestSetError(gathered(faults)[:MOST_FAULTS])
    return Finished(sealed, identity, rows, rows.sha256)


def _odd(folder: Location, number: int, row: Row, wanted: set[str]) -> Fault | None:
    """What is wrong with a row that was not written by this program, or not as it is now."""
    lacking = sorted(wanted.difference(row))
    wrong = [column.name for column in ROW if column.name in row and not column.fits(row[column.name])]
    wrong += [name for name, value in row.items() if not isinstance(value, PLAIN) or value != value]  # NaN
    if lacking or wrong:
        said = f"lacks {', '.join(lacking)}" if lacking else f"has no usable value in {', '.join(dict.fromkeys(wrong))}"
        return Fault(f"{folder / MANIFEST}:{number}", f"the row {said}", "build the test set again")
    return None
