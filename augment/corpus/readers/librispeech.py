"""LibriSpeech: ``dev-clean/84/121123/84-121123.trans.txt`` with its FLAC files, and ``SPEAKERS.TXT``.

The path is the folder ``LibriSpeech``, the one above it, or one subset (``SPEAKERS.TXT`` is then sought above it, too).

Reference: the corpus's README.TXT and SPEAKERS.TXT.
"""

from collections.abc import Iterator
from pathlib import Path

from augment.corpus.foreign_tables import account, differing
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault
from augment.files.lines import text_lines
from augment.files.walk import Walk, walked

SUFFIXES = ()
FOLDER = True
SIGNS = ("SPEAKERS.TXT", "LibriSpeech/SPEAKERS.TXT", "*/*/*.trans.txt", "*/*/*/*.trans.txt")
TABLE = "SPEAKERS.TXT"


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of subsets, speakers, chapters and lines."""
    folder = source.path.is_dir()
    walk = walked(source.folder, lambda name: name.lower().endswith(".trans.txt")) if folder else Walk(source.folder)
    if not walk.files:
        raise CorpusError(Fault(str(source.path), "has no transcripts SPEAKER/CHAPTER/*.trans.txt"))
    genders = _genders(source)
    named: set[str] = set()
    for path in walk.files:
        name = path.relative_to(source.folder)
        subset, speaker, chapter = path.absolute().parts[-4:-1]
        labels = {"subset": subset, "chapter": chapter, "gender": genders.get(speaker)}
        for number, line in enumerate(source.lines(name.as_posix()), start=1):
            place = f"{name.as_posix()}:{number}"
            identity, *text = line.split(maxsplit=1) or [""]
            if identity and not identity.startswith(f"{speaker}-{chapter}-"):
                yield place, source.fault(place, f"expected an id that begins with '{speaker}-{chapter}-'")
            elif identity:
                audio = name.with_name(f"{identity}.flac").as_posix()
                named.add(audio)
                told = {"id": identity, "audio_filepath": audio, "text": "".join(text).strip(), "speaker": speaker}
                yield place, {**told, **labels}
    account(source, walk, named | set(map(walk.name, walk.files)) | {TABLE, f"LibriSpeech/{TABLE}"})


def _genders(source: Source) -> dict[str, str]:
    """``M`` or ``F`` by speaker; empty without a table."""
    places = (source.folder / TABLE, source.folder / "LibriSpeech" / TABLE, source.folder.absolute().parent / TABLE)
    path: Path | None = next((place for place in places if place.is_file()), None)
    if path is None:
        source.tell(f"there is no {TABLE}: genders are not known")
        return {}
    found: dict[str, str] = {}
    faults = []
    for number, line in enumerate(text_lines(path, CorpusError), start=1):
        if line.startswith(";") or not line.strip():
            continue
        speaker, gender = speaker_line(line)
        faults += differing(found, speaker, gender, f"{path}:{number}")
        found[speaker] = gender
        if not gender:
            message = f"expected ID | SEX | SUBSET | MINUTES | NAME, found '{line.strip()}'"
            faults.append(Fault(f"{path}:{number}", message))
    if faults:
        raise CorpusError(faults[:50])
    return found


def speaker_line(line: str) -> tuple[str, str]:
    """A speaker and their gender, which is empty if the line does not describe one. Names may hold the separator.

    Example:
        >>> speaker_line("60   | M | train-clean-100  | 20.18 | Kay | Someone"), speaker_line("60 | M")
        (('60', 'M'), ('60', ''))
    """
    parts = [part.strip() for part in line.split("|", 4)]
    return parts[0], parts[1] if len(parts) == 5 and parts[1] in ("M", "F") else ""
