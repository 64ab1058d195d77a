"""Speech Accent Archive, as on Kaggle: ``speakers_all.csv``, ``reading-passage.txt`` and ``recordings``.

Everybody reads the same passage. Speakers whose file is missing (``file_missing?``) are left out; ``accent`` is the
native language, ``gender`` the sex. The table has columns without names, and one sex is misspelled, which is left as it
is written.

Reference: the description of rtatman/speech-accent-archive, and programs that read its table.
"""

import csv
from collections.abc import Iterator

from augment.corpus.foreign_tables import differing, unlike
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("speakers_all.csv",)
TABLE, PASSAGE = "speakers_all.csv", "reading-passage.txt"
FOLDERS = ("recordings/recordings", "recordings")
MISSING = "file_missing?"
LABELS = ("native_language", "country", "birthplace", "age", "age_onset")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of the table."""
    if not source.path.is_dir():
        raise CorpusError(Fault(str(source.path), "this is a file; the layout 'speech_accent_archive' is a folder"))
    folder = next((name for name in FOLDERS if (source.folder / name).is_dir()), FOLDERS[0])
    text = source.words(PASSAGE) if source.has(PASSAGE) else ""
    missing, known = 0, dict[str, Row | None]()
    for place, row in _table(source):
        if None in row or None in row.values() or _flag(row) not in ("TRUE", "FALSE"):
            yield place, source.fault(place, f"expected a cell for each column, and {MISSING} TRUE or FALSE")
            continue
        name, used = row["filename"].strip(), None if _flag(row) == "TRUE" else row
        faults = differing(known, name, used, source.where(place)) if name else []
        known[name] = used
        if faults:
            yield place, faults[0]
        elif used is None:
            missing += 1
        elif not name:
            yield place, source.fault(place, "the row has no filename")
        else:
            yield place, {**_row(row), "audio_filepath": f"{folder}/{name}.mp3", "text": text}
    if missing:
        source.tell(f"{missing} speakers of the table have no recording")
    if not text:
        source.tell(f"there is no {PASSAGE}: rows have no text")


def _flag(row: dict[str, str]) -> str:
    return row.get(MISSING, "FALSE").strip().upper()


def _row(row: dict[str, str]) -> Row:
    named = {"accent": row["native_language"], "gender": row.get("sex")}
    labels = {label: row[label] for label in LABELS if label in row}
    return {"id": row["filename"], "speaker": row["speakerid"], **named, **labels}


def _table(source: Source) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of the table and their places, without cells of unnamed columns; None marks a cell too many or too few.

    Unnamed columns come last, and spreadsheets do not always write their empty cells.
    """
    reader = csv.DictReader(source.lines(TABLE), strict=True)
    try:
        header = unlike([name for name in reader.fieldnames or () if name], source.where(f"{TABLE}:1"))
        if not {"filename", "native_language", "speakerid"} <= set(header):
            raise CorpusError(source.fault(f"{TABLE}:1", "expected columns filename, native_language, speakerid ..."))
        for row in reader:
            yield f"{TABLE}:{reader.line_num}", {name: cell for name, cell in row.items() if name != ""}
    except csv.Error as error:
        place = f"{TABLE}:{reader.reader.line_num}"
        raise CorpusError(source.fault(place, f"cannot be read as a table: {error}")) from None
