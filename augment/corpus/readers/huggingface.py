"""Hugging Face data sets on disk: Parquet files with embedded audio, or a folder of them.

The audio is the column of structures with ``bytes`` and ``path``; it is read where it lies in the table. ``sentence``,
``transcription``, ``transcript`` or ``normalized_text`` stand for ``text`` where that is missing, ``speaker_id`` or
``client_id`` for ``speaker``. Names of class labels are taken from the data set's own description of its features.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault
from augment.files.members import member_path
from augment.files.walk import files_below

if TYPE_CHECKING:
    import polars

SUFFIXES = (".parquet",)
FOLDER = True
SIGNS = ("*.parquet", "data/*.parquet", "*/*.parquet")
MEANT = {
    "text": ("sentence", "transcription", "transcript", "normalized_text"),
    "speaker": ("speaker_id", "client_id"),
}


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of files; a row's place is its number in its file, from 1."""
    files = (
        files_below(source.folder, lambda name: name.endswith(".parquet")) if source.path.is_dir() else [source.path]
    )
    if not files:
        raise CorpusError(Fault(str(source.path), "no .parquet file is in this folder"))
    for path in files:
        yield from _table(source, path)


def _table(source: Source, path: Path) -> Iterator[tuple[str, Row | Fault]]:
    import polars

    name = path.relative_to(source.folder).as_posix()
    try:
        lazy = polars.scan_parquet(path)
        kinds = lazy.collect_schema()
        audio = next((column for column, kind in kinds.items() if _is_audio(kind)), None)
        if audio is None:
            message = f"has no column with embedded audio; columns: {', '.join(kinds)}"
            raise CorpusError(Fault(str(path), message, "expected a structure with 'bytes' and 'path'"))
        bare = polars.col(audio).struct.field("bytes").is_null().alias("_bare")
        place = polars.col(audio).struct.field("path").alias("_path")
        frame = lazy.select(bare, place, polars.all().exclude(audio)).collect()
        frame = frame.with_columns(_named(path, frame.columns))
    except (OSError, polars.exceptions.PolarsError) as error:
        raise CorpusError(Fault(str(path), f"cannot be read as a table: {error}")) from None
    meant = {
        column: next((other for other in others if other in frame.columns), None)
        for column, others in MEANT.items()
        if column not in frame.columns
    }
    for number, row in enumerate(frame.rows(named=True)):
        bare_audio, outside = row.pop("_bare"), row.pop("_path")
        if bare_audio and not outside:
            yield f"{name}:{number + 1}", source.fault(f"{name}:{number + 1}", "the row has no audio")
            continue
        for column, other in meant.items():
            row[column] = None if other is None else row.pop(other)
        where = outside if bare_audio else member_path(name, f"{audio}/{number}")
        yield f"{name}:{number + 1}", {**row, "audio_filepath": where}


def _is_audio(kind: "polars.DataType") -> bool:
    import polars

    return isinstance(kind, polars.Struct) and {"bytes", "path"} <= {field.name for field in kind.fields}


def _named(path: Path, columns: list[str]) -> list["polars.Expr"]:
    """Class labels by their names instead of their numbers."""
    import polars

    try:
        said: Any = json.loads(polars.read_parquet_metadata(path).get("huggingface", "{}"))
        features = dict(said.get("info", {}).get("features", {}))
    except (ValueError, AttributeError, TypeError):
        return []
    found = []
    for column, feature in features.items():
        names = feature.get("names") if isinstance(feature, dict) and feature.get("_type") == "ClassLabel" else None
        if names and column in columns:
            numbers = list(range(len(names)))
            found.append(polars.col(column).replace_strict(numbers, names, default=None, return_dtype=polars.String))
    return found
