"""LibriSpeech: ``dev-clean/84/121123/84-121123.trans.txt`` with its FLAC files, and ``SPEAKERS.TXT``.

The path is the folder ``LibriSpeech``, the one above it, or one subset (``SPEAKERS.TXT`` is looked for above it, too).

Reference: the corpus's README.TXT and SPEAKERS.TXT.
"""

from collections.abc import Iterator
from pathlib import Path

from augment.corpus.source import Row, Source, text_lines
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("SPEAKERS.TXT", "LibriSpeech/SPEAKERS.TXT", "*/*/*.trans.txt", "*/*/*/*.trans.txt")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of subsets, speakers, chapters and lines."""
    files = sorted(source.folder.rglob("*.trans.txt"))
    if not files:
        raise CorpusError(Fault(str(source.path), "has no transcripts SPEAKER/CHAPTER/*.trans.txt"))
    genders = _genders(source)
    for path in files:
        name = path.relative_to(source.folder).as_posix()
        speaker, chapter = path.parent.parent.name, path.parent.name
        labels = {"subset": path.parent.parent.parent.name, "chapter": chapter, "gender": genders.get(speaker)}
        for number, line in enumerate(source.lines(name), start=1):
            identity, _, text = line.strip().partition(" ")
            place = f"{name}:{number}"
            if not identity:
                continue
            if not identity.startswith(f"{speaker}-{chapter}-"):
                yield place, source.fault(place, f"expected an id that begins with '{speaker}-{chapter}-'")
                continue
            audio = path.parent.relative_to(source.folder) / f"{identity}.flac"
            told = {"id": identity, "audio_filepath": audio.as_posix(), "text": text, "speaker": speaker}
            yield place, {**told, **labels}


def _genders(source: Source) -> dict[str, str]:
    """``M`` or ``F`` by speaker; empty without a table. Names at the end of its lines may hold its separator."""
    places = [source.folder / "SPEAKERS.TXT", source.folder / "LibriSpeech" / "SPEAKERS.TXT"]
    places.append(source.folder.resolve().parent / "SPEAKERS.TXT")
    path: Path | None = next((place for place in places if place.is_file()), None)
    if path is None:
        source.notes.append("there is no SPEAKERS.TXT: genders are not known")
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(text_lines(path), start=1):
        parts = [part.strip() for part in line.split("|", 4)]
        if line.startswith(";") or not line.strip():
            continue
        if len(parts) < 4 or parts[1] not in ("M", "F"):
            raise CorpusError(
                Fault(f"{path}:{number}", f"expected ID | SEX | SUBSET | MINUTES | NAME: '{line.strip()}'")
            )
        found[parts[0]] = parts[1]
    return found
