"""Lhotse manifests, JSON Lines, gzip-compressed or not: cuts, or recordings with supervisions.

The path is a file of cuts, or a folder with ``*cuts*.jsonl.gz`` or with ``*recordings*.jsonl.gz`` and
``*supervisions*.jsonl.gz``. Every supervision is an utterance; ``custom`` fields are labels. Relative audio paths start
from the first of the folder itself and the two above it from which they are found.

Reference: Lhotse's documentation, "Cuts" and "Supervision manifest".
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = (".jsonl.gz",)
FOLDER = True
SIGNS = ("*cuts*.jsonl*", "*recordings*.jsonl*")
PLAIN = ("gender", "language")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of files and lines."""
    if not source.path.is_dir():
        yield from _cuts(source, [source.path])
        return
    kinds = {kind: sorted(source.folder.glob(f"*{kind}*.jsonl*")) for kind in ("cuts", "recordings", "supervisions")}
    if kinds["recordings"] and kinds["supervisions"]:
        yield from _supervisions(source, kinds["recordings"], kinds["supervisions"])
    elif kinds["cuts"]:
        yield from _cuts(source, kinds["cuts"])
    else:
        message = "found neither cuts nor recordings with supervisions (*.jsonl, *.jsonl.gz)"
        raise CorpusError(Fault(str(source.path), message))


def _objects(source: Source, path: Path) -> Iterator[tuple[str, Any]]:
    name = path.relative_to(source.folder).as_posix()
    for number, line in enumerate(source.lines(name), start=1):
        if line.strip():
            try:
                yield f"{name}:{number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"{name}:{number}", source.fault(f"{name}:{number}", f"this line is not JSON: {error}")


def _cuts(source: Source, paths: list[Path]) -> Iterator[tuple[str, Row | Fault]]:
    for place, cut in (pair for path in paths for pair in _objects(source, path)):
        if isinstance(cut, Fault):
            yield place, cut
            continue
        try:
            if "tracks" in cut:
                raise ValueError("a mixed cut: its tracks are mixed when it is loaded, and no clean speech")
            for supervision in cut["supervisions"]:
                yield place, _row(source, cut["recording"], supervision, float(cut.get("start", 0.0)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield place, source.fault(place, f"this cut cannot be used: {_said(error)}")


def _supervisions(
    source: Source, recordings: list[Path], supervisions: list[Path]
) -> Iterator[tuple[str, Row | Fault]]:
    known: dict[str, Any] = {}
    for place, recording in (pair for path in recordings for pair in _objects(source, path)):
        if isinstance(recording, dict) and isinstance(recording.get("id"), str):
            known[recording["id"]] = recording
        else:
            fault = recording if isinstance(recording, Fault) else source.fault(place, "this is no recording")
            yield place, fault
    for place, supervision in (pair for path in supervisions for pair in _objects(source, path)):
        if isinstance(supervision, Fault):
            yield place, supervision
            continue
        try:
            if supervision["recording_id"] not in known:
                raise ValueError(f"there is no recording '{supervision['recording_id']}'")
            yield place, _row(source, known[supervision["recording_id"]], supervision, 0.0)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield place, source.fault(place, f"this supervision cannot be used: {_said(error)}")


def _said(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _row(source: Source, recording: dict[str, Any], supervision: dict[str, Any], start_s: float) -> Row:
    """An utterance; a stretch of its recording, or all of it."""
    (audio,) = recording["sources"]
    if audio["type"] != "file":
        raise ValueError(f"its audio is a '{audio['type']}'; only files are read")
    if len(recording.get("channel_ids") or [0]) > 1:
        raise ValueError("its recording has several channels: keep the talker's own in a file")
    offset, length = start_s + float(supervision["start"]), float(supervision["duration"])
    whole = offset == 0.0 and abs(length - float(recording["duration"])) < 0.5 / float(recording["sampling_rate"])
    plain = {name: supervision[name] for name in PLAIN if supervision.get(name) is not None}
    return {
        **(supervision.get("custom") or {}),
        **plain,
        "id": supervision["id"],
        "audio_filepath": Path(source.start(audio["source"]), audio["source"]).as_posix(),
        **({} if whole else {"offset": round(offset, 6)}),
        "duration": length,
        "text": supervision.get("text"),
        "speaker": supervision.get("speaker"),
    }
