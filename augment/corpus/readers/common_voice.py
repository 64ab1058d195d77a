"""Common Voice: a table of a release (``validated.tsv``, ``test.tsv``, ...) with its ``clips``.

The path is one table, or the folder of a language, which stands for its ``validated.tsv``. Accents are what people
wrote (``accents``, ``accent`` in older releases), genders as the release spells them: merge them with
``corpus.labels``. Early releases name clips without ``.mp3``. Every other column of a release is a label, except
``sentence_id``. Tables are not quoted: a quotation mark is part of the sentence. Lengths are taken from
``clip_durations.tsv`` if there is one; lines of it without a length, and clips missing from it, are reported.

Reference: common-voice/cv-dataset, ``datasets/scripted-speech/README.md``: archive structure and TSV fields.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from augment.corpus.cells import seconds
from augment.corpus.foreign_tables import differing, labels_of
from augment.corpus.readers.delimited import table
from augment.corpus.source import Place, Row, Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("validated.tsv",)
TABLE = "validated.tsv"
DURATIONS = "clip_durations.tsv"
UNUSED = "sentence_id"
"""A hash of the sentence."""
STRUCTURE = {"path", "sentence", "client_id", "accents", "accent", UNUSED}
"""Columns that are not labels, or not under their own names."""


def rows(source: Source) -> Iterator[tuple[Place, Row | Fault]]:
    """Rows in the order of the table."""
    folder = source.path.is_dir()
    path = source.local / TABLE if folder else source.local
    if not path.exists():
        raise CorpusError(Fault(str(source.path), f"there is no {TABLE} in this folder", _tables(source)))
    lengths = _lengths(source)
    unknown = 0
    for number, row in table(source, path, source.lines(path.name)):
        place = f"{path.name}:{number}" if folder else number
        if isinstance(row, dict) and not {"client_id", "path", "sentence"} <= row.keys():
            message = f"this is no table of clips: its columns are {', '.join(row)}"
            remedy = "expected client_id, path, sentence ..., as in train.tsv, dev.tsv, test.tsv and validated.tsv"
            raise CorpusError(Fault(f"{path}:1", message, remedy))
        if isinstance(row, dict) and not (row["path"] or "").strip("./"):
            row = source.fault(place, f"the row names no clip in 'path': found '{row['path'] or ''}'")
        found = row if isinstance(row, Fault) else clip_row(row, lengths)
        unknown += isinstance(found, dict) and "duration" not in found
        if isinstance(row, dict) and row.get(UNUSED):
            source.pass_over(Leftover.COLUMNS, UNUSED)
        yield place, found
    if unknown and source.has(DURATIONS):
        source.tell(f"{unknown} clips of the table are not in {DURATIONS}")


def _lengths(source: Source) -> dict[str, float]:
    """Length of each clip in s; lines without a number of milliseconds are skipped."""
    found: dict[str, float] = {}
    unread, faults = 0, []
    for number, line in enumerate(source.lines(DURATIONS) if source.has(DURATIONS) else (), start=1):
        clip, _, milliseconds = line.rstrip().rpartition("\t")
        length = seconds(milliseconds)
        if clip and length is not None:
            name = clip if "." in clip else f"{clip}.mp3"
            faults += differing(found, name, length / 1000, source.where(f"{DURATIONS}:{number}"))
            found[name] = length / 1000
        elif line.strip() and number > 1:  # the first is the header
            unread += 1
    if faults:
        raise CorpusError(faults[:50])
    if unread:
        source.tell(f"{unread} lines of {DURATIONS} are no clip, a tab and a number of milliseconds: they are not used")
    return found


def clip_row(row: Row, lengths: Mapping[str, float] = {}) -> Row:
    """A line of a table as a row.

    Args:
        row: Its cells.
        lengths: Lengths of clips in s, by name.

    Example:
        >>> found = clip_row({"client_id": "c", "path": "a1", "sentence": "Yes.", "accent": "us", "segment": None})
        >>> found["id"], found["audio_filepath"], found["speaker"], found["accent"]
        ('a1', 'clips/a1.mp3', 'c', 'us')
    """
    clip = Path(row["path"])
    name = clip if clip.suffix else clip.with_suffix(".mp3")
    return {
        "id": clip.stem,
        "audio_filepath": f"clips/{name.as_posix()}",
        **({"duration": lengths[name.name]} if name.name in lengths else {}),
        "text": row["sentence"],
        "speaker": row["client_id"],
        "accent": row.get("accents") or row.get("accent"),
        **labels_of({name: value for name, value in row.items() if name not in STRUCTURE}),
    }


def _tables(source: Source) -> str:
    """A remedy that names the tables there are, in the folder and in the language folders below it."""
    found = sorted(source.folder.glob("*.tsv")) + sorted(source.folder.glob(f"*/{TABLE}"))
    names = [path.relative_to(source.folder).as_posix() for path in found[:10]]
    return f"name one of its tables: {', '.join(names)}" if names else "name the folder of a language, or a table of it"
