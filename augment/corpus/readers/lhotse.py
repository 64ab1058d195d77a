"""Lhotse manifests, JSON Lines, gzip-compressed or not: cuts, or recordings with supervisions.

The path is a file of cuts, or a folder with ``*cuts*.jsonl.gz`` or with ``*recordings*.jsonl.gz`` and
``*supervisions*.jsonl.gz``. Every supervision is an utterance, and is read as a whole from its recording, also where it
begins before its cut or ends after it: one that stands in several cuts in the same words is read once. ``custom``
fields of supervisions and cuts are labels, called ``label_NAME`` where a column of ours has their name; other fields
are reported. Relative audio paths start from the first of the folder itself and the two above it in which the first
audio file is found. A supervision's own channel is read from the file that holds it. Recordings that Lhotse changes
while loading them (``transforms``, such as a change of speed) are faults, unless only the sample rate changes.

Reference: Lhotse's documentation, "Cuts" and "Supervision manifest"; lhotse/augmentation/transform.py.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from augment.corpus.foreign_tables import differing, labels_of
from augment.corpus.source import Row, Source
from augment.corpus.unused import Leftover
from augment.errors import CorpusError, Fault
from augment.files.json_text import CAREFUL

SUFFIXES = (".jsonl.gz",)
FOLDER = True
SIGNS = ("*cuts*.jsonl*", "*recordings*.jsonl*")
AS_ROWS = "say so: corpus: {layout: jsonl}, or --layout jsonl"
NOT_WHOLE = "it is not heard as a whole; leave it out (in Lhotse: keep_excessive_supervisions=False)"
PLAIN = ("gender", "language")
HARMLESS = ("Resample",)
OF_CUT = {"id", "start", "duration", "channel", "supervisions", "recording", "type", "custom"}
OF_SUPERVISION = {"id", "recording_id", "start", "duration", "channel", "text", "speaker", "custom", *PLAIN}
"""Fields that are read, or that repeat others."""


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of files and lines."""
    base: str | None = None
    for place, row in _rows(source):
        if isinstance(row, dict):
            file = row["audio_filepath"]
            base = source.start(file) if base is None else base
            row["audio_filepath"] = Path(base, file).as_posix()
        yield place, row


def _rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows with their audio files as they are written."""
    if not source.path.is_dir():
        yield from _cuts(source, [source.local])
        return
    kinds = {kind: sorted(source.folder.glob(f"*{kind}*.jsonl*")) for kind in ("cuts", "recordings", "supervisions")}
    if kinds["recordings"] and kinds["supervisions"]:
        yield from _supervisions(source, kinds["recordings"], kinds["supervisions"])
    elif kinds["cuts"]:
        yield from _cuts(source, kinds["cuts"])
    else:
        message = "found neither cuts nor recordings with supervisions (*.jsonl, *.jsonl.gz)"
        raise CorpusError(Fault(str(source.path), message))


def _objects(source: Source, path: Path) -> Iterator[tuple[str, dict[str, Any] | Fault]]:
    name = path.relative_to(source.folder).as_posix()
    for number, line in enumerate(source.lines(name), start=1):
        place = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            found = CAREFUL.decode(line)
        except (ValueError, RecursionError) as error:
            yield place, source.fault(place, f"this line is not JSON: {error}")
            continue
        if isinstance(found, dict):
            yield place, found
        else:
            yield place, source.fault(place, f"found {line.strip()[:40]}; expected a JSON object")


def _cuts(source: Source, paths: list[Path]) -> Iterator[tuple[str, Row | Fault]]:
    seen: dict[str, int] = {}
    for place, cut in (pair for path in paths for pair in _objects(source, path)):
        if isinstance(cut, Fault):
            yield place, cut
            continue
        try:
            if "audio_filepath" in cut and "recording" not in cut:
                rows = Fault(source.where(place), "these are not cuts but rows with an 'audio_filepath'", AS_ROWS)
                raise CorpusError(rows)
            if "tracks" in cut:
                raise ValueError("a mixed cut: its tracks are mixed when it is loaded, which is not clean speech")
            _tell_fields(source, cut, OF_CUT, "cuts")
            source.pass_over(Leftover.ROWS, "of cuts without a supervision", not cut["supervisions"])
            for supervision in cut["supervisions"]:
                _tell_fields(source, supervision, OF_SUPERVISION, "supervisions")
                custom = {**(cut.get("custom") or {}), **(supervision.get("custom") or {})}
                start_s = _number(cut, "start") if "start" in cut else 0.0
                said = {"channel": cut.get("channel"), **supervision, "custom": custom}
                row = _row(cut["recording"], said, start_s)
                if _is_again(row, seen):
                    source.pass_over(Leftover.ROWS, "of supervisions that an earlier cut has too")
                else:
                    yield place, row
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield place, source.fault(place, f"this cut cannot be used: {_said(error)}")


def _is_again(row: Row, seen: dict[str, int]) -> bool:
    """Whether a row was met before in the same words, as where cuts overlap; if not, it counts as met."""
    met, words = seen.get(str(row["id"])), hash(json.dumps(row, sort_keys=True))
    seen[str(row["id"])] = words
    return met == words


def _supervisions(
    source: Source, recordings: list[Path], supervisions: list[Path]
) -> Iterator[tuple[str, Row | Fault]]:
    known: dict[str, Any] = {}
    named = set[str]()
    for place, recording in (pair for path in recordings for pair in _objects(source, path)):
        if isinstance(recording, Fault):
            yield place, recording
        elif not isinstance(recording.get("id"), str):
            yield place, source.fault(place, "this is no recording")
        else:
            faults = differing(known, recording["id"], recording, source.where(place))
            yield from ((place, fault) for fault in faults)
            known[recording["id"]] = recording
    for place, supervision in (pair for path in supervisions for pair in _objects(source, path)):
        if isinstance(supervision, Fault):
            yield place, supervision
            continue
        try:
            if supervision["recording_id"] not in known:
                raise ValueError(f"there is no recording '{supervision['recording_id']}'")
            named.add(supervision["recording_id"])
            _tell_fields(source, supervision, OF_SUPERVISION, "supervisions")
            yield place, _row(known[supervision["recording_id"]], supervision, 0.0)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield place, source.fault(place, f"this supervision cannot be used: {_said(error)}")
    source.pass_over(Leftover.RECORDINGS, "without a supervision", len(known.keys() - named))


def _tell_fields(source: Source, found: Mapping[str, Any], read: set[str], what: str) -> None:
    """Account for fields that are filled in but not read."""
    for name in found.keys() - read:
        if found[name]:
            source.pass_over(Leftover.FIELDS, f"{name} of {what}")


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error) if isinstance(error, ValueError) else "a part of it is not what Lhotse writes"


def _row(recording: dict[str, Any], supervision: dict[str, Any], start_s: float) -> Row:
    """An utterance; a stretch of its recording, or all of it, wherever its cut begins and ends."""
    offset, length = start_s + _relative(supervision, "start"), _number(supervision, "duration")
    placed = round(offset, 6) + 0.0  # -0.0 is none
    if placed < 0:
        raise ValueError(
            f"the supervision '{supervision['id']}' begins {-placed:g} s before its recording: {NOT_WHOLE}"
        )
    file, channel = _file(recording, _channel(supervision.get("channel")))
    recorded_s, rate = _number(recording, "duration"), _number(recording, "sampling_rate")
    if rate <= 0:
        raise ValueError(f"the 'sampling_rate' of its recording is {recording['sampling_rate']}")
    whole = offset == 0.0 and abs(length - recorded_s) < 0.5 / rate
    plain = {name: supervision[name] for name in PLAIN if supervision.get(name) is not None}
    return {
        **labels_of(supervision.get("custom") or {}),
        **plain,
        "id": supervision["id"],
        "audio_filepath": file,
        **({} if channel is None else {"audio_channel": channel}),
        **({} if whole else {"offset": placed}),
        "duration": length,
        "text": supervision.get("text"),
        "speaker": supervision.get("speaker"),
    }


def _channel(named: Any) -> int | None:
    """The channel that a supervision names; None for several, since it is not said which of them is heard."""
    if isinstance(named, list):
        named = named[0] if len(named) == 1 else None
    if named is None or (isinstance(named, int) and not isinstance(named, bool)):
        return named
    raise ValueError(f"expected a number as 'channel', found {named!r}")


def _file(recording: dict[str, Any], channel: int | None) -> tuple[str, int | None]:
    """The audio file that holds a channel of a recording, provided its samples are those that Lhotse would load.

    Returns:
        The file, and which of its channels, if it has more than one.
    """
    changes = [str(change.get("name") or change.get("type")) for change in recording.get("transforms") or ()]
    if set(changes) - set(HARMLESS):
        message = f"its recording is changed when Lhotse loads it (transforms: {', '.join(changes)})"
        raise ValueError(f"{message}: save the changed audio first, with save_audios")
    sources = recording["sources"]
    held = {number for source in sources for number in source.get("channels") or [0]}
    if not held >= set(recording.get("channel_ids") or []):
        raise ValueError("its recording has several channels, and its sources do not say where all of them are")
    holds = [source for source in sources if channel in (source.get("channels") or [0])]
    if channel is not None and not holds:
        raise ValueError(f"its channel is {channel}, and its recording has {', '.join(map(str, sorted(held)))}")
    if len(holds or sources) != 1:
        raise ValueError(f"its recording has {len(sources)} sources; its 'channel' must say which is meant")
    (source,) = holds or sources
    if source["type"] != "file":
        raise ValueError(f"its audio is a '{source['type']}'; only files are read")
    channels = list(source.get("channels") or [0])
    return str(source["source"]), channels.index(channel) if channel is not None and len(channels) > 1 else None


def _number(of: dict[str, Any], name: str) -> float:
    """A time or a rate."""
    value = _relative(of, name)
    if value < 0:
        raise ValueError(f"expected 0 or more as '{name}', found {of[name]!r}")
    return value


def _relative(of: dict[str, Any], name: str) -> float:
    """A time relative to that of a cut: less than 0 for what begins before it."""
    said = of[name]
    try:
        found = math.nan if isinstance(said, bool) else float(said)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"expected a number as '{name}', found {said!r}")
    return found
