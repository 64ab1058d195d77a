"""The corpus as a table, and how a manifest becomes one."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.corpus.spec import CorpusSpec
from augment.errors import AudioError, CorpusError, Fault, nearest
from augment.files.audio import read_bytes
from augment.plugins import modules

if TYPE_CHECKING:
    import polars

FIXED = ("id", "audio_filepath", "offset", "duration", "text", "speaker")
MOST_FAULTS = 50


@dataclass(frozen=True)
class Corpus:
    """Clean labelled speech.

    Attributes:
        frame: One row for each utterance that may be used. Columns: ``id``, ``audio_filepath`` (as written),
            ``offset`` (s; null for a row that stands for a whole file), ``duration`` (s, as declared), ``text``,
            ``speaker``, ``row`` (in the manifest), then one text column for each label (:func:`label_column`), null
            where a row has none.
        manifest: The manifest's path; relative audio paths start from its folder.
        labels: Names of the label columns.
        left_out: How many rows are not used, by reason.
        notes: What the user should know.
    """

    frame: "polars.DataFrame"
    manifest: Path
    labels: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def audio_path(self, written: str) -> Path:
        """Path of an audio file as the manifest spells it."""
        return self.manifest.parent / written


def read_corpus(spec: CorpusSpec, base: Path) -> Corpus:
    """Read the manifest of a corpus.

    Args:
        spec: What the recipe says of it.
        base: Folder that its path starts from.

    Raises:
        CorpusError: The manifest cannot be read, a column is missing, ids are duplicated or dangerous, or no row is
            left; all faults of its rows are named (up to 50).
    """
    manifest = base / spec.path
    read = list(_read_rows(manifest))
    rows = [(number, row) for number, row in read if not isinstance(row, Fault)]
    if not read:
        raise CorpusError(Fault(str(manifest), "the manifest has no rows"))
    written = {column for _, row in rows for column in row}
    taken = set(spec.columns.values())
    found = {column for column in written if column not in taken and column not in spec.columns} | set(spec.columns)
    faults = [row for _, row in read if isinstance(row, Fault)]
    faults += _column_faults(spec, manifest, found, written) if rows else []
    if faults:
        raise CorpusError(faults[:MOST_FAULTS])
    table = _Table(spec, manifest, sorted(found - set(FIXED)))
    for number, row in rows:
        table.take(number, {**row, **{name: row.get(column) for name, column in spec.columns.items()}})
    return table.finish("speaker" in found)


def label_column(label: str) -> str:
    """Column of a corpus that holds a label; apart from all other columns, whatever the label is called.

    Example:
        >>> label_column("accent")
        'label:accent'
    """
    return f"label:{label}"


def _read_rows(manifest: Path) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    readers = {suffix: module for module in modules("augment.corpus.readers") for suffix in module.SUFFIXES}
    reader = readers.get(manifest.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(readers))
        raise CorpusError(Fault(str(manifest), f"no reader for '{manifest.suffix}' manifests", f"known: {known}"))
    try:
        raw = read_bytes(manifest)
    except AudioError as error:
        raise CorpusError(error.faults) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        what = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        raise CorpusError(Fault(f"{manifest}:{line}", f"the manifest is {what}", "save it as UTF-8")) from None
    found: Iterator[tuple[int, dict[str, Any] | Fault]] = reader.rows(manifest, text)
    return found


def _column_faults(spec: CorpusSpec, manifest: Path, found: set[str], written: set[str]) -> list[Fault]:
    faults = []
    for name, column in spec.columns.items():
        if column not in written:
            message = f"the recipe takes '{name}' from the column '{column}', which is not there"
            faults.append(Fault(str(manifest), message, nearest(column, sorted(written))))
    if "audio_filepath" not in found:
        remedy = "say which column holds it: corpus: {columns: {audio_filepath: NAME}}"
        close = [c for c in sorted(written) if re.search("audio|path|file|wav", c, re.IGNORECASE)]
        message = f"no column 'audio_filepath'; columns: {', '.join(sorted(written))}"
        faults.append(Fault(str(manifest), message, remedy.replace("NAME", close[0] if close else "NAME")))
    choices = (found - set(FIXED)) | ({"speaker"} & found)
    for part, labels, known in (("labels", spec.labels, found - set(FIXED)), ("keep", spec.keep, choices)):
        for label in labels:
            if label not in known:
                message = f"corpus.{part} names '{label}', which is no label of the corpus"
                faults.append(Fault(str(manifest), message, nearest(label, sorted(known))))
    return faults


class _Table:
    """Columns in the making, with the faults and counts met on the way."""

    def __init__(self, spec: CorpusSpec, manifest: Path, labels: list[str]) -> None:
        self.spec, self.manifest, self.labels = spec, manifest, labels
        self.columns: dict[str, list[Any]] = {n: [] for n in (*FIXED, "row", *map(label_column, labels))}
        self.faults: list[Fault] = []
        self.left_out: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()
        self.seen: dict[str, int] = {}
        self.met: dict[str, set[str]] = {label: set() for label in spec.labels}
        self.choices: dict[str, set[str]] = {label: set() for label in spec.keep}

    def take(self, number: int, row: dict[str, Any]) -> None:
        """One row of the manifest."""
        audio = _text(row.get("audio_filepath"))
        if audio is None:
            self._fault(Fault(f"{self.manifest}:{number}", "the row names no audio file"))
            return
        offset, duration = _seconds(row.get("offset")), _seconds(row.get("duration"))
        if self._bad_times(number, row, offset, duration):
            return
        identity = self._identity(number, _text(row.get("id")), audio, offset)
        if identity is None:
            return
        labels = {label: self._label(label, row.get(label)) for label in self.labels}
        speaker = _text(row.get("speaker"))
        if reason := self._unwanted(identity, {"speaker": speaker, **labels}):
            self.left_out[reason] += 1
            return
        text = _text(row.get("text"))
        self.odd["rows have no text: their word error rate is undefined"] += text is None
        if row.get("duration") is not None and duration is None:
            self.odd["rows have a duration that is no number: the audio's own is used"] += 1
        values = (identity, audio, offset, duration, text or "", speaker, number)
        for name, value in zip((*FIXED, "row"), values, strict=True):
            self.columns[name].append(value)
        for label, mapped in labels.items():
            self.columns[label_column(label)].append(mapped)

    def _identity(self, number: int, written: str | None, audio: str, offset: float | None) -> str | None:
        """The id of a row, its own or made of its audio path; None, and a fault, where it cannot be used."""
        place = f"{self.manifest}:{number}"
        stem = audio[: -len(Path(audio).suffix)] if Path(audio).suffix else audio
        identity = written or (f"{stem}@{offset:g}" if offset else stem)
        if written and (reason := _danger(written)):
            self._fault(Fault(place, f"the id {written[:80]!r} {reason}", "give the utterance another id"))
            return None
        if identity in self.seen:
            message = f"the id '{identity}' stands in row {self.seen[identity]} too"
            self._fault(Fault(place, message, "ids must be unique"))
            return None
        self.seen[identity] = number
        return identity

    def _bad_times(self, number: int, row: dict[str, Any], offset: float | None, duration: float | None) -> bool:
        """Whether a row says which part of a file it is, but not in numbers: the part must not be guessed."""
        place, written = f"{self.manifest}:{number}", _text(row.get("offset"))
        if written is not None and offset is None:
            self._fault(Fault(place, f"offset: expected seconds, 0 or more, found {row['offset']!r}"))
        elif offset is not None and _text(row.get("duration")) is not None and not duration:
            self._fault(Fault(place, f"duration: expected seconds, more than 0, found {row['duration']!r}"))
        else:
            return False
        return True

    def _unwanted(self, identity: str, labels: dict[str, str | None]) -> str | None:
        if identity in self.spec.leave_out:
            return "named in corpus.leave_out"
        for name, met in self.choices.items():
            met.update(filter(None, [labels.get(name)]))
        # A row without the label is not another label's: what becomes of it, balance.unlabelled says.
        outside = (n for n, kept in self.spec.keep.items() if labels.get(n) is not None and labels[n] not in kept)
        label = next(outside, None)
        return f"{label} is not one of those to keep" if label else None

    def finish(self, has_speakers: bool) -> Corpus:
        """The corpus, if there were no faults."""
        import polars

        for label, met in self.choices.items():
            for value in sorted(set(self.spec.keep[label]) - met):
                message = f"corpus.keep asks for {label} '{value}', which no row has"
                self.faults.append(Fault(str(self.manifest), message, nearest(value, sorted(met))))
        if self.faults:
            raise CorpusError(self.faults)
        for identity in sorted(set(self.spec.leave_out) - set(self.seen)):
            self.odd[f"corpus.leave_out names '{identity}', which is no id of the corpus"] += 1
        if not self.columns["id"]:
            reasons = ", ".join(f"{count} because {reason}" for reason, count in self.left_out.items())
            raise CorpusError(Fault(str(self.manifest), f"no row is left: {reasons}"))
        notes = [f"{count} {what}" if what.startswith("rows") else what for what, count in self.odd.items() if count]
        for label, mapping in self.spec.labels.items():
            for value in sorted(set(mapping) - self.met[label]):
                notes.append(f"corpus.labels.{label}: no row has the value '{value}'")
        if not has_speakers:
            notes.append("the corpus has no column 'speaker': all utterances count as one unknown speaker")
        kinds: dict[str, Any] = dict.fromkeys(self.columns, polars.String)
        kinds |= {"offset": polars.Float64, "duration": polars.Float64, "row": polars.Int64}
        frame = polars.DataFrame(self.columns, schema=kinds)
        return Corpus(
            frame, self.manifest, tuple(self.labels), dict(sorted(self.left_out.items())), tuple(sorted(notes))
        )

    def _label(self, label: str, value: Any) -> str | None:
        text = _text(value)
        mapping = self.spec.labels.get(label, {})
        if text is not None and text in mapping:
            self.met[label].add(text)
            return mapping[text]
        return text

    def _fault(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MOST_FAULTS:
            raise CorpusError([*self.faults, Fault(str(self.manifest), "and perhaps more: reading stopped here")])


def _seconds(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _text(value: Any) -> str | None:
    """A cell as text; None for an empty one."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value)
    return text.strip() or None


def _danger(identity: str) -> str | None:
    """Why an id must not become a file name, if so."""
    if any(ord(c) < 32 or ord(c) == 127 for c in identity):
        return "holds a control character"
    parts = re.split(r"[/\\]", identity)
    if ".." in parts or identity[:1] in "/\\" or re.match(r"[A-Za-z]:[/\\]", identity):
        return "points outside the output folder"
    try:
        identity.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return None
