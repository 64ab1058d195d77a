"""VCTK: ``txt/p225/p225_001.txt`` with ``wav48_silence_trimmed/p225/p225_001_mic1.flac`` (0.92) or ``wav48`` (0.80).

Where there are two microphones, ``mic1`` is used: p280 and p315 have no other. Recordings without a text, such as all
of p315, become rows with an empty one; texts without a recording are left out. ``speaker-info.txt`` gives age, gender,
accent and region; anything in brackets at the end of a line is a comment.

Reference: the README and speaker-info.txt of the corpus, versions 0.80 and 0.92, as quoted by others. Version 0.80 does
not describe p280 and has one recording that is not a WAV file (p376_295.raw).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.foreign_tables import differing
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("speaker-info.txt", "wav48_silence_trimmed")
AUDIO = ("wav48_silence_trimmed", "wav48")
INFO = "speaker-info.txt"


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of speakers and sentences."""
    folder = next((name for name in AUDIO if source.path.is_dir() and source.has(name)), None)
    if folder is None:
        raise CorpusError(Fault(str(source.path), f"has none of the folders {' and '.join(AUDIO)}"))
    speakers = _speakers(source)
    counts = dict.fromkeys(("of the second microphone are not used", "have no text file"), 0)
    unheard, unknown = 0, []
    for path in sorted(path for path in (source.folder / folder).glob("[!.]*") if path.is_dir()):
        labels = speakers.get(path.name.removeprefix("p"))
        texts = {text.stem for text in (source.folder / "txt" / path.name).glob("[!.]*.txt")}
        takes = _takes(path)
        unheard += len(texts - takes.keys())
        if labels is None and takes:
            unknown.append(path.name)
        for identity, files in takes.items():
            microphone = min(files)
            counts["of the second microphone are not used"] += len(files) - 1
            counts["have no text file"] += identity not in texts
            text = source.words(f"txt/{path.name}/{identity}.txt") if identity in texts else ""
            name = f"{folder}/{path.name}/{files[microphone]}"
            told = {"id": identity, "audio_filepath": name, "text": text}
            yield name, {**told, "speaker": path.name, "microphone": microphone, **(labels or {})}
    for what, count in counts.items():
        source.tell(f"{count} recordings {what}") if count else None
    if unheard:
        source.tell(f"{unheard} texts have no recording: they are not used")
    if unknown:
        source.tell(f"{INFO} does not describe", unknown)


def _takes(folder: Path) -> dict[str, dict[str, str]]:
    """File names of each sentence by microphone; in version 0.80 the microphone is an empty name."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("[!.]*")):
        if path.suffix.lower() in (".wav", ".flac"):
            identity, mark, microphone = path.stem.partition("_mic")
            found.setdefault(identity, {})[f"mic{microphone}" if mark else ""] = path.name
    return found


def _speakers(source: Source) -> dict[str, Row]:
    """Labels by speaker number: version 0.92 writes p225, version 0.80 writes 225."""
    found: dict[str, Row] = {}
    faults = []
    for number, line in enumerate(source.lines(INFO) if source.has(INFO) else (), start=1):
        if not line.strip() or line.split()[0] == "ID":
            continue
        speaker, labels = speaker_line(line)
        faults += differing(found, speaker, labels, source.where(f"{INFO}:{number}"))
        found[speaker] = labels
        if not labels:
            message = f"expected id, age, gender, accent and region, found '{line.strip()}'"
            faults.append(source.fault(f"{INFO}:{number}", message))
    if faults:
        raise CorpusError(faults[:50])
    return found


def speaker_line(line: str) -> tuple[str, Row]:
    """A speaker's number and labels, which are empty if the line does not describe one.

    Example:
        >>> speaker_line("p315  18  M    American   New  England (Text and mic2 files unavailable)")
        ('315', {'age': '18', 'gender': 'M', 'accent': 'American', 'region': 'New England'})
        >>> speaker_line("225  F  English")
        ('225', {})
    """
    speaker, *parts = re.sub(r"\(.*", "", line).split() or [""]
    labels: Row = {}
    if len(parts) >= 3 and parts[0].isdigit():
        age, gender, accent, *region = parts
        labels = {"age": age, "gender": gender, "accent": accent, "region": " ".join(region)}
    return speaker.removeprefix("p"), labels
