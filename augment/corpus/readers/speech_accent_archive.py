"""Speech Accent Archive, as on Kaggle: ``speakers_all.csv``, ``reading-passage.txt`` and ``recordings``.

Everybody reads the same passage. Rows whose file is missing (``file_missing?``) are none; ``accent`` is the native
language. The table has columns without names, and one of its sexes is misspelled: it stays as it is written.

Reference: the data set's description and tables.
"""

import csv
from collections.abc import Iterator

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("speakers_all.csv",)
TABLE, PASSAGE = "speakers_all.csv", "reading-passage.txt"
FOLDERS = ("recordings/recordings", "recordings")
LABELS = ("native_language", "country", "birthplace", "age", "age_onset")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of the table."""
    if not source.path.is_dir():
        raise CorpusError(Fault(str(source.path), "this is a file; the layout 'speech_accent_archive' is a folder"))
    folder = next((name for name in FOLDERS if (source.folder / name).is_dir()), FOLDERS[0])
    text = " ".join("".join(source.lines(PASSAGE)).split())
    reader = csv.DictReader(source.lines(TABLE))
    if not {"filename", "native_language", "speakerid"} <= set(reader.fieldnames or ()):
        raise CorpusError(source.fault(f"{TABLE}:1", "expected columns filename, native_language, speakerid ..."))
    missing = 0
    for row in reader:
        place = f"{TABLE}:{reader.line_num}"
        if (row.get("file_missing?") or "").strip().upper() == "TRUE":
            missing += 1
            continue
        if not row["filename"]:
            yield place, source.fault(place, "the row has no filename")
            continue
        yield (
            place,
            {
                "id": row["filename"],
                "audio_filepath": f"{folder}/{row['filename']}.mp3",
                "text": text,
                "speaker": row["speakerid"],
                "accent": row["native_language"],
                "gender": row.get("sex"),
                **{label: row.get(label) for label in LABELS},
            },
        )
    if missing:
        source.notes.append(f"{missing} speakers of the table have no recording")
