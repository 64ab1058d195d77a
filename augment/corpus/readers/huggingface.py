"""Hugging Face data sets on disk: Parquet files with embedded audio, or a folder of them.

The audio is the column that the data set's own description calls ``Audio``; without a description, the structure with
``bytes`` and ``path``. It is read straight from the table, and is the whole utterance: an ``offset`` says where the
clip lay in what it was cut from, and becomes the label ``label_offset``, its ``duration`` ``label_duration``.
``sentence``, ``transcription``, ``transcript`` or ``normalized_text`` take the place of a missing ``text``,
``speaker_id`` or ``client_id`` that of a missing ``speaker``. Names of class labels are taken from the description;
other structures and bytes are not loaded.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.corpus.foreign_tables import account, whole_audio
from augment.corpus.nested import Held
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault
from augment.files.members import member_path
from augment.files.parquet import ask_parquet
from augment.files.walk import walked

if TYPE_CHECKING:
    import polars

SUFFIXES = (".parquet",)
FOLDER = True
SIGNS = ("*.parquet", "data/*.parquet", "*/*.parquet", "*.arrow", "*/*.arrow")
AS_PARQUET = (
    "the .arrow files are those of save_to_disk: write each split as one with "
    "datasets.load_from_disk(FOLDER).to_parquet('NAME.parquet')"
)
MEANT = {
    "text": ("sentence", "transcription", "transcript", "normalized_text"),
    "speaker": ("speaker_id", "client_id"),
}


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of files; a row's place is its number in its file, from 1."""
    files = [source.local]
    if source.path.is_dir():
        walk = walked(source.folder, lambda name: name.lower().endswith(".parquet"))
        files = walk.files
        if not files:
            remedy = AS_PARQUET if walk.endings()[".arrow"] else ""
            raise CorpusError(Fault(str(source.path), "no .parquet file is in this folder", remedy))
        account(source, walk, set(map(walk.name, files)))
    for path in files:
        yield from _table(source, path)


def _table(source: Source, path: Path) -> Iterator[tuple[str, Row | Fault]]:
    import polars

    name = path.relative_to(source.folder).as_posix()
    kinds = ask_parquet(path, CorpusError, lambda table: table.collect_schema())
    features = ask_parquet(path, CorpusError, lambda _: _features(path))
    audio = _audio_column(path, kinds, features)
    columns = [column for column in kinds if column != audio]
    loaded = [_light(column, kinds[column]) for column in columns]
    field = polars.col(audio).struct.field
    place = polars.struct(field("bytes").is_null().alias("bare"), field("path")).alias(audio)
    # Filed under the name of the audio column, which no other column can have.
    frame = ask_parquet(path, CorpusError, lambda table: table.select(place, *loaded).collect())
    meant = {
        column: next((other for other in others if other in columns), None)
        for column, others in MEANT.items()
        if column not in columns
    }
    classes = _classes(features, {column: kinds[column] for column in columns})
    held_kinds = {column: Held(kind) for column in columns if (kind := _several(kinds[column]))}
    for number, row in enumerate(frame.rows(named=True), start=1):
        held, where = row.pop(audio), f"{name}:{number}"
        wrong = _outside(row, classes) or ("the row has no audio" if held["bare"] and not held["path"] else "")
        if wrong:
            yield where, source.fault(where, wrong)
            continue
        row |= {column: several if row[column] else None for column, several in held_kinds.items()}
        row |= {column: names.get(row[column]) for column, names in classes.items()}
        row |= {column: None if other is None else row.pop(other) for column, other in meant.items()}
        file = held["path"] if held["bare"] else member_path(name, f"{audio}/{number - 1}")
        yield where, {**whole_audio(row), "audio_filepath": file}


def _features(path: Path) -> dict[str, dict[str, Any]]:
    """What the data set's own description says about its columns."""
    import polars

    try:
        said: Any = json.loads(polars.read_parquet_metadata(path).get("huggingface", "{}"))
        features = dict(said.get("info", {}).get("features", {}))
    except (ValueError, AttributeError, TypeError):
        return {}
    return {column: feature for column, feature in features.items() if isinstance(feature, dict)}


def _audio_column(path: Path, kinds: "polars.Schema", features: Mapping[str, dict[str, Any]]) -> str:
    """The audio column: one described as such, or one that looks like audio and is not described as anything else."""
    held = [column for column, kind in kinds.items() if _is_audio(kind)]
    said = [column for column in held if features.get(column, {}).get("_type") == "Audio"]
    fits = said or [column for column in held if "_type" not in features.get(column, {})]
    if "audio" in fits or len(fits) == 1:
        return "audio" if "audio" in fits else fits[0]
    if fits:
        message = f"has several columns that may be the audio: {', '.join(fits)}"
        raise CorpusError(Fault(str(path), message, "leave one of them, or call one 'audio'"))
    message = f"has no column with embedded audio; columns: {', '.join(kinds)}"
    raise CorpusError(Fault(str(path), message, "expected a structure with 'bytes' and 'path'"))


def _is_audio(kind: "polars.DataType") -> bool:
    import polars

    return isinstance(kind, polars.Struct) and {"bytes", "path"} <= {field.name for field in kind.fields}


def _several(kind: "polars.DataType") -> str:
    """What cells hold that may be large and is never a single value; empty for plain cells, and for lists of these."""
    import polars

    inner = kind
    while isinstance(inner, polars.List | polars.Array):
        inner = inner.inner  # type: ignore[assignment]  # polars also allows a class where a data type is meant
    if inner not in (polars.Struct, polars.Binary, polars.Object):
        return ""
    return "a list" if inner is not kind else "bytes" if inner == polars.Binary else "a structure"


def _light(column: str, kind: "polars.DataType") -> "polars.Expr":
    """A column; if its cells hold several values, only whether there are any."""
    import polars

    return polars.col(column).is_not_null() if _several(kind) else polars.col(column)


def _classes(
    features: Mapping[str, dict[str, Any]], kinds: Mapping[str, "polars.DataType"]
) -> dict[str, dict[int | None, str | None]]:
    """Names of class labels by column and number; -1 means no label. Columns that hold names already are left out."""
    names = {
        column: feature["names"]
        for column, feature in features.items()
        if feature.get("_type") == "ClassLabel" and feature.get("names") and isinstance(feature["names"], list)
    }
    return {
        column: {None: None, -1: None, **dict(enumerate(said))}
        for column, said in names.items()
        if column in kinds and kinds[column].is_numeric()
    }


def _outside(row: Row, classes: Mapping[str, Mapping[int | None, str | None]]) -> str:
    """What is wrong with the number of a class label that has no name; empty if nothing is."""
    for column, names in classes.items():
        if row[column] not in names:
            return f"{column}: found {row[column]}; the data set names the classes 0 to {len(names) - 3}"
    return ""
