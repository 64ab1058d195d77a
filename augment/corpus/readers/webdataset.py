"""WebDataset: tar archives, or a folder of them. Files of one sample share their name up to the first dot.

``NAME.flac`` (or another audio ending) is the audio, ``NAME.txt`` the text, ``NAME.json`` an object of columns. Audio
is read straight from the archive, and is the whole utterance: an ``offset`` in ``NAME.json`` says where the clip lay in
what it was cut from, and becomes the label ``label_offset``, its ``duration`` ``label_duration``. Parts of a sample
whose endings differ only in case, such as ``NAME.wav`` and ``NAME.WAV``, are a fault; parts with other endings are
reported.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from augment.bounds import LONGEST_LINE_BYTES
from augment.corpus.foreign_tables import account, whole_audio
from augment.corpus.source import Row, Source
from augment.corpus.unused import Leftover
from augment.errors import AudioError, CorpusError, Fault
from augment.files.json_text import CAREFUL
from augment.files.members import member_path, read_member, tar_links, tar_members
from augment.files.walk import walked
from augment.profiles.recording import SUFFIXES as AUDIO

SUFFIXES = (".tar",)
FOLDER = True
SIGNS = ("*.tar",)


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of archives and of their samples; a row's place is the number of the sample in its archive."""
    archives = [source.local]
    if source.path.is_dir():
        walk = walked(source.folder, lambda name: name.lower().endswith(".tar"))
        archives = walk.files
        account(source, walk, set(map(walk.name, archives)))
    if not archives:
        raise CorpusError(Fault(str(source.path), "no .tar archive is in this folder", "compressed ones are not read"))
    links = 0
    for archive in archives:
        name = archive.relative_to(source.folder).as_posix()
        for number, (key, parts) in enumerate(_samples(source, archive).items(), start=1):
            yield f"{name}:{number}", _row(source, archive, f"{name}:{number}", (key, parts))
        links += tar_links(archive)
    if links:
        source.tell(f"{links} links in archives are not followed: what they stand for is not read under their names")


def _samples(source: Source, archive: Path) -> dict[str, dict[str, list[str]]]:
    """Members of each sample by ending, such as ``.flac``; case does not matter."""
    state = archive.stat()
    try:
        members = tar_members(archive, state.st_mtime_ns, state.st_size)
    except AudioError as error:
        raise CorpusError(error.faults) from None
    samples: dict[str, dict[str, list[str]]] = {}
    for member in members:
        folder, slash, file = member.removeprefix("./").rpartition("/")
        stem, dot, ending = file.partition(".")
        if not stem:  # hidden files do not count
            source.pass_over(Leftover.MEMBERS, "hidden files")
            continue
        parts = samples.setdefault(f"{folder}{slash}{stem}", {})
        parts.setdefault(f"{dot}{ending.lower()}", []).append(member)
    return samples


def _row(source: Source, archive: Path, place: str, sample: tuple[str, dict[str, list[str]]]) -> Row | Fault:
    key, parts = sample
    audio = [member for ending, members in parts.items() if ending in AUDIO for member in members]
    if key.startswith("/") or ".." in key.split("/"):
        return source.fault(place, f"the sample '{key}' points outside the archive")
    if len(audio) != 1:
        return source.fault(place, f"the sample '{key}' has {len(audio)} audio files; expected one", _dotted(parts))
    columns, texts = parts.get(".json", []), parts.get(".txt", [])
    twice = next((part for part in (columns, texts) if len(part) > 1), None)
    if twice:
        return source.fault(place, f"the sample '{key}' has a part twice: {', '.join(twice)}")
    try:
        row = CAREFUL.decode(_text(archive, columns[0])) if columns else {}
        if not isinstance(row, dict):
            return source.fault(place, f"'{columns[0]}' is not a JSON object")
        if texts:
            row["text"] = _text(archive, texts[0])
    except (ValueError, RecursionError, AudioError) as error:
        return source.fault(place, f"the sample '{key}' cannot be read: {error}")
    for ending in parts.keys() - AUDIO - {".json", ".txt"}:
        source.pass_over(Leftover.PARTS, ending or "without an ending", len(parts[ending]))
    name = archive.relative_to(source.folder).as_posix()
    return {"id": key, **whole_audio(row), "audio_filepath": member_path(name, audio[0])}


def _dotted(parts: Mapping[str, list[str]]) -> str:
    """A remedy for audio whose name has more than one dot, so that its ending does not look like that of audio."""
    dotted = next((members[0] for ending, members in parts.items() if f".{ending.rpartition('.')[2]}" in AUDIO), "")
    stem, _, ending = dotted.rpartition(".")
    name = f"{stem.replace('.', '_')}.{ending}"
    return (
        f"the files of a sample share their name up to the first dot: rename '{dotted}' to '{name}'" if dotted else ""
    )


def _text(archive: Path, member: str) -> str:
    return read_member(archive, member, LONGEST_LINE_BYTES).decode("utf-8-sig")
