"""Kaldi data directory: ``wav.scp``, ``text``, ``utt2spk``, ``segments``, and one file for each label.

Every ``utt2NAME`` and ``spk2NAME`` that is there gives a label NAME, ``label_NAME`` where it is called like a column of
ours: ``utt2offset`` does not say which audio is read; files that are not read are told. A command in ``wav.scp`` is not
run; where it only decodes one file (``cat``, ``flac``, ``sph2pipe``), the file is read. Relative paths start from the
first of the folder itself and the two above it in which the first audio file is found. Segments that name a channel are
faults.

Reference: Kaldi's documentation, "Data preparation".
"""

import re
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.given import labels_of
from augment.corpus.source import Row, Source
from augment.corpus.unused import Kind
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("wav.scp",)
OWN = {"utt2spk", "utt2dur", "utt2num_frames", "utt2uniq", "utt2max_frames_per_chunk", "spk2utt", "reco2dur"}
READ = {"wav.scp", "segments", "text", "utt2spk", "utt2dur", "spk2utt"}
"""The last one is ``utt2spk`` the other way round."""
DECODERS = re.compile(
    r"(?:\S*/)?(?:cat|flac(?: -c| -d| -s| -cd| -cds| -dc| --silent)+|sph2pipe(?: -f wav| -p)*)"
    r""" ("[^"$`\\]+"|'[^']+'|[^\s"']+) ?\|"""
)

Table = dict[str, tuple[str, str]]
"""Value of each key, and its place."""


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of ``segments``, or of ``wav.scp`` where each recording is one utterance."""
    if not source.path.is_dir():
        raise CorpusError(Fault(str(source.path), "this is a file; the layout 'kaldi' is a folder"))
    recordings = _table(source, "wav.scp")
    segments = _table(source, "segments") if source.has("segments") else None
    texts, speakers = (_table(source, name) if source.has(name) else {} for name in ("text", "utt2spk"))
    lengths = _table(source, "utt2dur") if source.has("utt2dur") else {}
    labels = labels_of(_labels(source, speakers))
    for path in source.folder.glob("[!.]*"):
        if path.is_file() and path.name not in READ and not _is_label(path.name):
            source.pass_over(Kind.FILES, path.name)
    base = source.start(next((file for entry, _ in recordings.values() if (file := _file(entry))), ""))
    cut = segments if segments is not None else {key: (key, place) for key, (_, place) in recordings.items()}
    for identity, (value, place) in cut.items():
        found = _audio(value, recordings, base, cut=segments is not None)
        if isinstance(found, str):
            yield place, source.fault(place, f"utterance '{identity}': {found}")
            continue
        own = {name: values[identity] for name, values in labels.items() if identity in values}
        text, speaker = texts.get(identity, ("", ""))[0], speakers.get(identity, ("", ""))[0]
        length = {"duration": lengths[identity][0]} if identity in lengths and "duration" not in found else {}
        yield place, {**own, "id": identity, "text": text, "speaker": speaker, **length, **found}
    for name, table in (("text", texts), ("utt2spk", speakers)):
        for identity, (_, place) in table.items():
            if identity not in cut:
                yield place, source.fault(place, f"{name} has '{identity}', which has no audio")


def _is_label(name: str) -> bool:
    return name not in OWN and re.fullmatch(r"(?:utt|spk)2\w+", name) is not None


def _table(source: Source, name: str) -> Table:
    """A file of keys and values; the value is the rest of the line."""
    found: Table = {}
    faults = []
    for number, line in enumerate(source.lines(name), start=1):
        key, *rest = line.strip().split(maxsplit=1)[:2] or [""]
        place = f"{name}:{number}"
        if key in found:
            faults.append(source.fault(place, f"'{key}' stands in line {found[key][1].rpartition(':')[2]} too"))
        elif key:
            found[key] = (rest[0] if rest else "", place)
    if faults:
        raise CorpusError(faults[:50])
    return found


def _labels(source: Source, speakers: Table) -> dict[str, dict[str, str]]:
    """Values of each label by utterance."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(source.folder.glob("*2*")):
        kind, _, name = path.name.partition("2")
        if not _is_label(path.name):
            continue
        values = {key: value for key, (value, _) in _table(source, path.name).items()}
        if kind == "spk":
            values = {u: values[speaker] for u, (speaker, _) in speakers.items() if speaker in values}
        found.setdefault(name, {}).update(values)
    return found


def _file(entry: str) -> str | None:
    """The audio file of an entry of ``wav.scp``; None for a command or a place in an archive.

    Example:
        >>> _file("a b.wav"), _file("flac -c -d -s a.flac |"), _file("sox a.wav -t wav - speed 1 |"), _file("a.ark:17")
        ('a b.wav', 'a.flac', None, None)
        >>> _file("cat 'a b.wav' |")
        'a b.wav'
    """
    decoder = DECODERS.fullmatch(entry)
    if decoder:
        return decoder[1][1:-1] if decoder[1][0] in "\"'" else decoder[1]
    return None if entry.endswith("|") or re.search(r"\.ark:\d+$", entry) else entry


def _audio(value: str, recordings: Table, base: str, cut: bool) -> Row | str:
    """Audio file, offset and duration of an utterance; or what is wrong."""
    recording, *times = value.split() or [""] if cut else [value]
    if len(times) > 2:
        return f"the segment names a channel ('{value}'), which is not taken out of a file: keep each in its own"
    if recording not in recordings:
        return f"the recording '{recording}' is not in wav.scp" if recording else "the segment names no recording"
    entry = recordings[recording][0]
    file = _file(entry)
    if not entry:
        return f"the entry of '{recording}' in wav.scp is empty: it names no file"
    if not file:
        return "wav.scp has a command or an archive, which are not read: decode it to a file first"
    audio: Row = {"audio_filepath": Path(base, file).as_posix() if base else file}
    if not cut:
        return audio
    try:
        start, end = (float(time) for time in times)
    except ValueError:
        return f"expected a recording, a start and an end in s, found '{value}'"
    if not 0 <= start < end and end != -1:
        return f"the segment {start:g}-{end:g} s is none"
    return {**audio, "offset": start, **({"duration": round(end - start, 6)} if end != -1 else {})}
