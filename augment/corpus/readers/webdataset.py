"""WebDataset: tar archives, or a folder of them. Files of one sample have the same name up to its first dot.

``NAME.flac`` (or another audio ending) is the audio, ``NAME.txt`` the text, ``NAME.json`` an object of columns. Audio
is read where it lies in the archive.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.source import Row, Source
from augment.errors import AudioError, CorpusError, Fault
from augment.files.members import member_path, read_member, tar_members
from augment.files.walk import files_below
from augment.profiles.recording import SUFFIXES as AUDIO

SUFFIXES = (".tar",)
FOLDER = True
SIGNS = ("*.tar",)


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of archives and of their samples; a row's place is the number of the sample in its archive."""
    archives = files_below(source.folder, lambda name: name.endswith(".tar")) if source.path.is_dir() else [source.path]
    if not archives:
        raise CorpusError(Fault(str(source.path), "no .tar archive is in this folder", "compressed ones are not read"))
    for archive in archives:
        name = archive.relative_to(source.folder).as_posix()
        for number, (key, parts) in enumerate(_samples(archive).items(), start=1):
            yield f"{name}:{number}", _row(source, archive, f"{name}:{number}", (key, parts))


def _samples(archive: Path) -> dict[str, dict[str, str]]:
    """Members of each sample by their ending, such as ``.flac``."""
    state = archive.stat()
    try:
        members = tar_members(archive, state.st_mtime_ns, state.st_size)
    except AudioError as error:
        raise CorpusError(error.faults) from None
    samples: dict[str, dict[str, str]] = {}
    for member in members:
        folder, slash, file = member.rpartition("/")
        stem, dot, ending = file.partition(".")
        if stem:  # hidden files are none
            samples.setdefault(f"{folder}{slash}{stem}", {})[f"{dot}{ending.lower()}"] = member
    return samples


def _row(source: Source, archive: Path, place: str, sample: tuple[str, dict[str, str]]) -> Row | Fault:
    key, parts = sample
    audio = [member for ending, member in parts.items() if ending in AUDIO]
    if key.startswith("/") or ".." in key.split("/"):
        return source.fault(place, f"the sample '{key}' points outside of the archive")
    if len(audio) != 1:
        return source.fault(place, f"the sample '{key}' has {len(audio)} audio files; expected one")
    try:
        row = json.loads(read_member(archive, parts[".json"])) if ".json" in parts else {}
        if not isinstance(row, dict):
            return source.fault(place, f"'{parts['.json']}' is no JSON object")
        if ".txt" in parts:
            row["text"] = read_member(archive, parts[".txt"]).decode("utf-8-sig")
    except (ValueError, RecursionError, AudioError) as error:
        return source.fault(place, f"the sample '{key}' cannot be read: {error}")
    name = archive.relative_to(source.folder).as_posix()
    return {"id": key, **row, "audio_filepath": member_path(name, audio[0])}
