"""Common Voice: a table of a release (``validated.tsv``, ``test.tsv`` ...) with its ``clips``.

The path is one table, or the folder of a language, for ``validated.tsv``. Accents are what people wrote (``accents``,
``accent`` in older releases), genders as the release spells them: bring them together with ``corpus.labels``. Releases
before 2019 name clips without ``.mp3``.

Reference: the READMEs of common-voice/cv-dataset.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.corpus.readers.delimited import table
from augment.corpus.source import Place, Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("validated.tsv",)
TABLE = "validated.tsv"
LABELS = ("age", "gender", "locale", "variant", "up_votes", "down_votes")


def rows(source: Source) -> Iterator[tuple[Place, Row | Fault]]:
    """Rows in the order of the table."""
    path = source.path / TABLE if source.path.is_dir() else source.path
    if not path.exists():
        raise CorpusError(Fault(str(source.path), f"there is no {TABLE} in this folder", "name one of its tables"))
    prefix = f"{path.name}:" if source.path.is_dir() else ""
    for number, row in table(path.with_suffix(".tsv"), source.lines(path.name)):
        place: Place = f"{prefix}{number}" if prefix else number
        yield place, row if isinstance(row, Fault) else _row(source, place, row)


def _row(source: Source, place: Place, row: dict[str, Any]) -> Row | Fault:
    clip = row.get("path")
    if not clip:
        return source.fault(place, "the row has no 'path': expected a table of Common Voice")
    name = clip if Path(clip).suffix else f"{clip}.mp3"
    return {
        "id": Path(clip).stem,
        "audio_filepath": f"clips/{name}",
        "text": row.get("sentence"),
        "speaker": row.get("client_id"),
        "accent": row.get("accents") or row.get("accent"),
        **{label: row[label] for label in LABELS if label in row},
    }
