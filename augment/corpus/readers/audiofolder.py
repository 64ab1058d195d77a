"""Hugging Face AudioFolder: audio files with ``metadata.csv``, ``metadata.jsonl`` or ``metadata.parquet`` beside them.

``file_name`` is relative to its metadata file, of which there may be one for each split. Texts and speakers may have
any of the names that :mod:`~augment.corpus.readers.huggingface` knows.
"""

from collections.abc import Iterator
from os.path import normpath
from pathlib import Path
from typing import Any

from augment.corpus.foreign_tables import account
from augment.corpus.readers.delimited import table
from augment.corpus.readers.huggingface import MEANT
from augment.corpus.readers.jsonl import objects
from augment.corpus.source import Place, Row, Source
from augment.errors import CorpusError, Fault
from augment.files.parquet import read_parquet
from augment.files.walk import walked

SUFFIXES = ()
FOLDER = True
SIGNS = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "*/metadata.csv", "*/metadata.jsonl")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of metadata files and their lines."""
    endings = (".csv", ".jsonl", ".parquet")
    walk = walked(source.folder, lambda name: name in [f"metadata{ending}" for ending in endings])
    if not walk.files:
        raise CorpusError(Fault(str(source.path), "no metadata.csv, metadata.jsonl or metadata.parquet is in it"))
    named: set[str] = set()
    for path in walk.files:
        folder = path.parent.relative_to(source.folder)
        for line, row in _lines(source, path):
            place = f"{path.relative_to(source.folder).as_posix()}:{line}"
            found = row if isinstance(row, Fault) else _row(source, place, row, folder)
            named |= {normpath(found["audio_filepath"])} if isinstance(found, dict) else set()
            yield place, found
    account(source, walk, named | set(map(walk.name, walk.files)))


def _lines(source: Source, path: Path) -> Iterator[tuple[Place, dict[str, Any] | Fault]]:
    name = path.relative_to(source.folder).as_posix()
    if path.suffix == ".csv":
        return table(source, path, source.lines(name))
    if path.suffix == ".jsonl":
        return objects(source, path, source.lines(name))
    return enumerate(read_parquet(path, CorpusError).rows(named=True), start=1)


def _row(source: Source, place: str, row: dict[str, Any], folder: Path) -> Row | Fault:
    file = row.pop("file_name", None)
    if not file:
        return source.fault(place, "the row has no 'file_name'")
    for column, others in MEANT.items():
        if column not in row:
            row[column] = next((row.pop(other) for other in others if other in row), None)
    return {**row, "audio_filepath": (folder / str(file)).as_posix()}
