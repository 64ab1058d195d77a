"""Kaldi data directory: ``wav.scp``, ``text``, ``utt2spk``, ``segments``, and one file for each label.

Every ``utt2NAME`` and ``spk2NAME`` gives a label NAME, or ``label_NAME`` where a column of ours has that name:
``utt2offset`` must not decide which audio is read. Files that are not read are reported. A command in ``wav.scp`` is
not run; where it only decodes one file, or one channel of it (``cat``, ``flac``, ``sph2pipe``, ``sox ... remix 1``),
that file is read. Relative paths start from the first of the folder itself and the two above it in which the first
audio file is found. A segment's channel is counted from 0, as Kaldi does; where several recordings share a file,
``reco2file_and_channel`` says which channel each of them is.

Reference: Kaldi's documentation, "Data preparation".
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from augment.corpus.foreign_tables import labels_of
from augment.corpus.source import Row, Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("wav.scp",)
OWN = {"utt2spk", "utt2dur", "utt2num_frames", "utt2uniq", "utt2max_frames_per_chunk", "spk2utt", "reco2dur"}
READ = {"wav.scp", "segments", "text", "utt2spk", "utt2dur", "spk2utt", "reco2file_and_channel"}
"""Files that are read; ``spk2utt`` is ``utt2spk`` inverted, and speaks where that is not there."""
FILE = r"""("[^"$`\\]+"|'[^']+'|[^\s"']+)"""
DECODERS = re.compile(
    r"(?:\S*/)?(?:cat|flac(?: -c| -d| -s| -cd| -cds| -dc| --silent)+|sph2pipe(?: -f wav| -p| -c ([1-9]))*) "
    rf"{FILE} ?\|"
)
REMIX = re.compile(rf"(?:\S*/)?sox {FILE} -t wav - remix ([1-9]) ?\|")
SIDES = "reco2file_and_channel"
CHANNELS = {"A": 0, "B": 1, "1": 0, "2": 1}
"""Names of channels in that file."""

Table = dict[str, tuple[str, str]]
"""The value of each key, and where it is written."""


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of ``segments``, or of ``wav.scp`` where each recording is one utterance."""
    if not source.path.is_dir():
        raise CorpusError(Fault(str(source.path), "this is a file; the layout 'kaldi' is a folder"))
    recordings = _table(source, "wav.scp")
    segments = _table(source, "segments") if source.has("segments") else None
    texts = _table(source, "text") if source.has("text") else {}
    speakers = _speakers(source)
    lengths = _table(source, "utt2dur") if source.has("utt2dur") else {}
    labels = labels_of(_labels(source, speakers))
    for path in source.folder.glob("[!.]*"):
        if path.is_file() and path.name not in READ and not _is_label(path.name):
            source.pass_over(Leftover.FILES, path.name)
    base = source.start(next((file for entry, _ in recordings.values() if (file := _file(entry))), ("", None))[0])
    sides = _of_recordings(source, recordings)
    cut = segments if segments is not None else {key: (key, place) for key, (_, place) in recordings.items()}
    for identity, (value, place) in cut.items():
        try:
            found = _audio(value, recordings, sides, base, cut=segments is not None)
        except ValueError as error:
            yield place, source.fault(place, f"utterance '{identity}': {error}")
            continue
        own = {name: values[identity] for name, values in labels.items() if identity in values}
        text, speaker = texts.get(identity, ("", ""))[0], speakers.get(identity, ("", ""))[0]
        length = {"duration": lengths[identity][0]} if identity in lengths and "duration" not in found else {}
        yield place, {**own, "id": identity, "text": text, "speaker": speaker, **length, **found}
    heard = {recording for value, _ in cut.values() for recording in value.split()[:1]}
    source.pass_over(Leftover.RECORDINGS, "without a segment", len(recordings.keys() - heard))
    for table in (texts, speakers):
        for identity, (_, place) in table.items():
            if identity not in cut:
                yield place, source.fault(place, f"{place.partition(':')[0]} has '{identity}', which has no audio")


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


def _speakers(source: Source) -> Table:
    """The speaker of each utterance, from ``utt2spk`` or from ``spk2utt``."""
    found: Table = {}
    faults = []
    if source.has("utt2spk"):
        found = _table(source, "utt2spk")
        faults = [
            source.fault(place, f"expected an utterance and a speaker, found '{utterance} {speaker}'")
            for utterance, (speaker, place) in found.items()
            if len(speaker.split()) > 1
        ]
    elif source.has("spk2utt"):
        for speaker, (utterances, place) in _table(source, "spk2utt").items():
            for utterance in utterances.split():
                if utterance in found:
                    other = f"'{utterance}' is one of '{speaker}', and of '{found[utterance][0]}' too"
                    faults.append(source.fault(place, other, "an utterance has one speaker"))
                found[utterance] = speaker, place
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


def _file(entry: str) -> tuple[str, int | None] | None:
    """The audio file of an entry of ``wav.scp``, and its channel; None for a command or a place in an archive.

    Example:
        >>> _file("a b.wav"), _file("flac -c -d -s a.flac |"), _file("sox a.wav -t wav - speed 1 |"), _file("a.ark:17")
        (('a b.wav', None), ('a.flac', None), None, None)
        >>> _file("cat 'a b.wav' |"), _file("sph2pipe -f wav -p -c 2 a.sph |"), _file("sox a.wav -t wav - remix 1 |")
        (('a b.wav', None), ('a.sph', 1), ('a.wav', 0))
    """
    decoder, remix = DECODERS.fullmatch(entry), REMIX.fullmatch(entry)
    if decoder or remix:
        channel, file = decoder.groups() if decoder else reversed(remix.groups()) if remix else ("", "")
        plain = file[1:-1] if file[0] in "\"'" else file
        return plain, None if channel is None else int(channel) - 1
    return None if entry.endswith("|") or re.search(r"\.ark:\d+$", entry) else (entry, None)


def _of_recordings(source: Source, recordings: Table) -> dict[str, int]:
    """Which channel of its file each recording is, where several recordings share a file."""
    if not source.has(SIDES):
        return {}
    times = Counter(entry for entry, _ in recordings.values())
    found = {}
    for recording, (value, place) in _table(source, SIDES).items():
        side = value.split()[-1] if value else ""
        if recording in recordings and times[recordings[recording][0]] > 1:
            if side not in CHANNELS:
                raise CorpusError(source.fault(place, f"expected a channel, A or B, found '{value}'"))
            found[recording] = CHANNELS[side]
    return found


def _audio(value: str, recordings: Table, sides: dict[str, int], base: str, cut: bool) -> Row:
    """Audio file, channel, offset and duration of an utterance.

    Raises:
        ValueError: Something is wrong with the entry.
    """
    recording, *times = value.split() or [""] if cut else [value]
    if len(times) > 3 or (len(times) == 3 and not re.fullmatch(r"\d{1,2}", times[2])):
        raise ValueError(f"expected a recording, a start, an end and perhaps a channel, found '{value}'")
    if recording not in recordings:
        named = f"the recording '{recording}' is not in wav.scp"
        raise ValueError(named if recording else "the segment names no recording")
    entry = recordings[recording][0]
    file = _file(entry)
    if not entry:
        raise ValueError(f"the entry of '{recording}' in wav.scp is empty: it names no file")
    if not file:
        raise ValueError("wav.scp has a command or an archive, which are not read: decode it to a file first")
    path, channel = file
    if channel is None:
        channel = int(times[2]) if len(times) == 3 else sides.get(recording)
    elif times[2:] not in ([], ["0"]):
        raise ValueError(f"the segment names channel {times[2]} of a recording that is one channel of its file")
    audio: Row = {"audio_filepath": Path(base, path).as_posix() if base else path}
    audio |= {} if channel is None else {"audio_channel": channel}
    return {**audio, **_times(times[:2])} if cut else audio


def _times(times: list[str]) -> Row:
    try:
        start, end = (float(time) for time in times)
    except ValueError:
        raise ValueError(f"expected a recording, a start and an end in s, found '{' '.join(times)}'") from None
    if not 0 <= start < end and end != -1:
        raise ValueError(f"the segment {start:g}-{end:g} s has no length")
    return {"offset": start, **({"duration": round(end - start, 6)} if end != -1 else {})}
