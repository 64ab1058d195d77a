"""VCTK: ``txt/p225/p225_001.txt`` with ``wav48_silence_trimmed/p225/p225_001_mic1.flac`` (0.92) or ``wav48`` (0.80).

Of two microphones the first is used. Speaker p315 has no texts: such rows have none. ``speaker-info.txt`` gives age,
gender, accent and region; comments in brackets at the end of a line are left out.

Reference: the corpus's README and speaker-info.txt, versions 0.80 and 0.92.
"""

import re
from collections.abc import Iterator

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("speaker-info.txt", "wav48_silence_trimmed")
AUDIO = ("wav48_silence_trimmed", "wav48")
SECOND = re.compile(r"_mic2$")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of speakers and sentences."""
    folder = next((name for name in AUDIO if (source.folder / name).is_dir()), None)
    if folder is None:
        raise CorpusError(Fault(str(source.path), f"has none of the folders {' and '.join(AUDIO)}"))
    speakers = _speakers(source) if source.has("speaker-info.txt") else {}
    second, silent = 0, 0
    for path in sorted((source.folder / folder).glob("*/*.*")):
        if path.suffix.lower() not in (".wav", ".flac"):
            continue
        if SECOND.search(path.stem):
            second += 1
            continue
        identity = path.stem.removesuffix("_mic1")
        text = f"txt/{path.parent.name}/{identity}.txt"
        there = (source.folder / text).is_file()
        silent += not there
        name = path.relative_to(source.folder).as_posix()
        yield (
            name,
            {
                "id": identity,
                "audio_filepath": name,
                "text": " ".join("".join(source.lines(text)).split()) if there else "",
                "speaker": path.parent.name,
                **speakers.get(path.parent.name.removeprefix("p"), {}),
            },
        )
    if second:
        source.notes.append(f"{second} recordings of the second microphone are not used")
    if silent:
        source.notes.append(f"{silent} recordings have no text file")


def _speakers(source: Source) -> dict[str, Row]:
    """Labels of each speaker, by number: version 0.92 writes p225, version 0.80 writes 225."""
    found: dict[str, Row] = {}
    for number, line in enumerate(source.lines("speaker-info.txt"), start=1):
        parts = re.sub(r"\(.*$", "", line).split()
        if not parts or parts[0] == "ID":
            continue
        if len(parts) < 4 or not parts[1].isdigit():
            message = f"expected id, age, gender, accent and region, found '{line.strip()}'"
            raise CorpusError(source.fault(f"speaker-info.txt:{number}", message))
        age, gender, accent, *region = parts[1:]
        if accent in ("Northern", "South", "New") and region:  # accents of two words
            accent = f"{accent} {region.pop(0)}" if (accent, region[0]) in TWO_WORDS else accent
        named = {"age": age, "gender": gender, "accent": accent, "region": " ".join(region)}
        found[parts[0].removeprefix("p")] = named
    return found


TWO_WORDS = {("South", "African"), ("Northern", "Irish"), ("New", "Zealand")}
