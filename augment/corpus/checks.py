"""What can be wrong with a manifest, told with its rows."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from augment.bounds import MOST_CHANNELS
from augment.corpus.cells import MOST_FAULTS
from augment.corpus.nested import Nested
from augment.corpus.source import where
from augment.corpus.spec import CorpusSpec
from augment.errors import CorpusError, Fault, gathered, nearest

if TYPE_CHECKING:
    import polars

FIXED = ("id", "audio_filepath", "audio_channel", "offset", "duration", "text", "speaker", "licence", "credit")
"""Columns that are no labels."""
SPELLED = {
    "audio_filepath": ("audio", "wav"), "audio_channel": ("channel",), "licence": ("license",),
    "credit": ("attribution",), "id": ("ID",), "text": ("wrd", "words"), "speaker": ("spk_id",),
}  # fmt: skip
"""Other usual names of columns that are no labels; some are SpeechBrain's."""
DANGER = r"[\x00-\x1f\x7f]|^[/\\]|^[A-Za-z]:[/\\]|(^|[/\\])\.\.([/\\]|$)"
"""Ids that may be dangerous (:func:`danger` decides)."""


def column_faults(spec: CorpusSpec, manifest: Path, found: set[str], written: frozenset[str]) -> list[Fault]:
    """What a recipe says of columns and labels that the manifest does not have.

    Args:
        spec: What the recipe says of the corpus.
        manifest: Its manifest.
        found: Names of columns as the recipe has them.
        written: Names as the manifest has them.
    """
    faults = []
    for name, column in spec.columns.items():
        if column not in written:
            message = f"the recipe takes '{name}' from the column '{column}', which is not there"
            turned = f"the other way round: {column}: {name}" if name in written else ""
            faults.append(Fault(str(manifest), message, turned or nearest(column, sorted(written))))
    if "audio_filepath" not in found:
        remedy = "say which holds it: corpus: {columns: {audio_filepath: NAME}}, or --column audio_filepath=NAME"
        close = [c for c in sorted(written) if re.search("audio|path|file|wav", c, re.IGNORECASE)]
        message = f"no column 'audio_filepath'; columns: {', '.join(sorted(written))}"
        faults.append(Fault(str(manifest), message, remedy.replace("NAME", close[0] if close else "NAME")))
    choices = (found - set(FIXED)) | ({"speaker"} & found)
    for part, labels, known in (
        ("labels", spec.labels, found - set(FIXED)),
        ("keep", spec.keep, choices),
        ("leave_out", spec.dropped, choices | {"id"}),
    ):
        for label in labels:
            if label not in known:
                message = f"corpus.{part} names '{label}', which is no label of the corpus"
                faults.append(Fault(str(manifest), message, nearest(label, sorted(known))))
    return faults


def nested_fault(manifest: Path, label: str, found: Nested) -> Fault:
    """A column whose cells should hold one value, and hold more.

    Args:
        manifest: The manifest.
        label: Name of the column as the recipe has it.
        found: What it holds.
    """
    remedy = "write the words as one text, with spaces" if label == "text" else "write one value a row, or none"
    return Fault(where(manifest, found.places[0]), f"{label}: expected one value, found {found}", remedy)


def sound_rows(
    frame: "polars.DataFrame", manifest: Path, most_faults: int = MOST_FAULTS
) -> tuple["polars.DataFrame", list[Fault]]:
    """Rows without fault, every one with its own id: the one that it has, or one made of its audio path.

    Args:
        frame: Columns ``row``, ``audio_filepath``, ``audio_channel``, ``offset``, ``duration``, ``shown:offset`` and
            ``shown:duration`` of :class:`~augment.corpus.cells.Cells`, and ``id``, null for rows that have none.
        manifest: The manifest.
        most_faults: How many are told.

    Returns:
        The sound rows, and the faults of all others in the order of rows.

    Raises:
        CorpusError: There are as many faults or more: the first 50.
    """
    import polars

    odd = {name: polars.col(f"shown:{name}").str.len_bytes() > 0 for name in ("offset", "duration")}
    no_audio = polars.col("audio_filepath").is_null()
    bad_offset = odd["offset"] & polars.col("offset").is_null()
    bad_duration = odd["duration"] & polars.col("offset").is_not_null()
    bad_id = polars.col("id").str.contains(DANGER)
    faults: dict[str, Fault] = {}
    frame = frame.with_columns(polars.col("audio_channel").str.replace(r"\.0+$", ""))
    bad_channel = ~polars.col("audio_channel").str.contains(r"^(?:[0-9]|[1-5][0-9]|6[0-3]|mix)$")
    checks = (
        (no_audio, _no_audio),
        (bad_channel, _channel),
        (bad_offset, _offset),
        (bad_duration, _duration),
        (bad_id, _id),
    )
    for wrong, told in checks:
        wrong = wrong.fill_null(value=False)
        rows = frame.filter(wrong)
        if rows.height:
            faults |= {row["row"]: told(row) for row in rows.head(most_faults).iter_rows(named=True)}
            frame = frame.filter(~wrong)
    frame = frame.with_columns(_identities(frame))
    again = ~frame["id"].is_first_distinct()
    if again.any():
        faults |= _twice(frame, again, most_faults)
        frame = frame.filter(~again)
    places = {row: Fault(where(manifest, row), fault.message, fault.remedy) for row, fault in faults.items()}
    found = [places[row] for row in sorted(places, key=_in_order)]
    if len(found) >= most_faults:
        end = Fault(str(manifest), "and perhaps more: reading stopped here")
        raise CorpusError([*gathered(found[:MOST_FAULTS]), end])
    return frame, found


def _in_order(row: str) -> tuple[str, int]:
    """By file, then by line: ``9`` before ``10``."""
    file, _, line = row.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def _no_audio(row: dict[str, object]) -> Fault:
    return Fault("", "the row names no audio file")


def _channel(row: dict[str, object]) -> Fault:
    expected = f"audio_channel: expected a channel, 0 to {MOST_CHANNELS - 1}, or mix"
    return Fault("", f"{expected}, found {row['audio_channel']!r}")


def _offset(row: dict[str, object]) -> Fault:
    """It says which part of a file it is, but not in numbers: the part must not be guessed."""
    return Fault("", f"offset: expected seconds, 0 or more, found {row['shown:offset']}")


def _duration(row: dict[str, object]) -> Fault:
    return Fault("", f"duration: expected seconds, more than 0, found {row['shown:duration']}")


def _id(row: dict[str, object]) -> Fault:
    identity = str(row["id"])
    return Fault("", f"the id {identity[:80]!r} {danger(identity)}", "give the utterance another id")


def _twice(frame: "polars.DataFrame", again: "polars.Series", most_faults: int) -> dict[str, Fault]:
    import polars

    late = frame.filter(again).head(most_faults)
    early = frame.filter(~again & frame["id"].is_in(late["id"].to_list()))
    first = dict(early.select("id", "row").rows())
    return {
        row: Fault("", f"the id '{identity}' stands in row {first[identity]} too", "ids must be unique")
        for identity, row in late.select("id", polars.col("row")).rows()
    }


def _identities(frame: "polars.DataFrame") -> "polars.Series":
    """Ids; where a row has none, made of its audio path, its channel, and its offset if it begins within the file."""
    import polars

    if not frame["id"].null_count():
        return frame["id"]

    @cache
    def stem(audio: str) -> str:
        suffix = Path(audio).suffix
        return audio[: -len(suffix)] if suffix else audio

    def made_of(audio: str, channel: str | None, offset: float | None) -> str:
        other = "" if channel in (None, "0") else f"#{channel}"
        return f"{stem(audio)}{other}@{offset:g}" if offset else f"{stem(audio)}{other}"

    places = frame.select("id", "audio_filepath", "audio_channel", "offset").iter_rows()
    made = [written or made_of(*place) for written, *place in places]
    return polars.Series("id", made, polars.String)


def danger(identity: str) -> str | None:
    """Why an id must not become a file name, if so.

    Example:
        >>> danger("../a"), danger("a..b")
        ('points outside the output folder', None)
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in identity):
        return "holds a control character"
    parts = re.split(r"[/\\]", identity)
    if ".." in parts or identity[:1] in ("/", "\\") or re.match(r"[A-Za-z]:[/\\]", identity):
        return "points outside the output folder"
    return None
