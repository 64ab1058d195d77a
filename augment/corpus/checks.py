"""What can be wrong with a manifest, reported with its rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from augment.bounds import MOST_CHANNELS
from augment.corpus.cells import MOST_FAULTS, TIMES, Cells
from augment.corpus.identities import danger, dangerous, identities
from augment.corpus.nested import Nested
from augment.corpus.source import where
from augment.corpus.spec import CorpusSpec
from augment.errors import CorpusError, Fault, flow_text, gathered, nearest
from augment.files.location import Location
from augment.files.members import MARK

if TYPE_CHECKING:
    import polars

FIXED = ("id", "audio_filepath", "audio_channel", "offset", "duration", "text", "speaker", "licence", "credit")
"""Columns that are not labels."""
SPELLED = {
    "audio_filepath": ("audio", "wav"), "audio_channel": ("channel",), "licence": ("license",),
    "credit": ("attribution",), "id": ("ID",), "text": ("wrd", "words"), "speaker": ("spk_id",),
}  # fmt: skip
"""Other usual names of columns that are not labels; some are SpeechBrain's."""
LIKELY = {
    "accent": r"(?:native|speaker|spk)?_?(?:accents?|dialects?|region|country|nationality|l1|mother_?tongue)"
    r"|(?:native|first)_?language",
    "speaker": r"(?:spk|speaker|talker|client|reader|voice|participant)_?(?:id|name|no|nr|num|number|code)?",
    "text": r"(?:raw|norm|normali[sz]ed|reference|prompt)?_?(?:text|transcript(?:ion)?s?|sentence|words?)"
    r"|prompt|reference",
}
"""What other names of columns may mean; nobody takes them for it but the user."""
NO_NAMES: Mapping[str, str] = {}
STARTS = re.compile(
    r"(?:(?:seg(?:ment)?|utt(?:erance)?|clip|audio|speech|t)[_ .]?)?"
    r"(?:start|begin(?:ning)?|onset|offset|from|xmin|tmin)(?:[_ .]?(?:time|at|s|secs?|seconds?|ms))*",
    re.IGNORECASE,
)
LENGTHS = re.compile(r"(?:.*[_ .])?(?:dur(?:ation)?|len(?:gth)?)(?:[_ .]?(?:time|s|secs?|seconds?|ms))*", re.IGNORECASE)
ENDS = re.compile(
    rf"{LENGTHS.pattern}|(?:.*[_ .])?(?:end|stop|finish|until|to|xmax|tmax)(?:[_ .]?(?:time|at|s|secs?|seconds?|ms))*",
    re.IGNORECASE,
)
"""Names that other tools give to the times of segments."""


def column_faults(spec: CorpusSpec, manifest: Location, found: set[str], written: frozenset[str]) -> list[Fault]:
    """Columns and labels that a recipe names and the manifest does not have.

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
        ("values", spec.values, choices),
        ("leave_out", spec.dropped, choices | {"id"}),
    ):
        for label in labels:
            if label not in known:
                message = f"corpus.{part} names '{label}', which is not a label of the corpus"
                faults.append(Fault(str(manifest), message, nearest(label, sorted(known))))
    return faults


def likely_column(name: str, found: set[str]) -> str | None:
    """A column that may hold this one under another name.

    Example:
        >>> likely_column("speaker", {"audio_filepath", "client_id", "speaker_age"})
        'client_id'
    """
    looks, others = LIKELY.get(name), sorted(found - set(FIXED), key=lambda column: (len(column), column))
    return next((c for c in others if looks is not None and re.fullmatch(looks, c, re.IGNORECASE)), None)


def taken_from(name: str, column: str) -> str:
    """How to say that a column has another name.

    Example:
        >>> taken_from("speaker", "client_id")
        "if 'client_id' holds it, say so: corpus: {columns: {speaker: client_id}}, or --column speaker=client_id"
    """
    return f"if '{column}' holds it, say so: corpus: {{columns: {{{name}: {column}}}}}, or --column {name}={column}"


def time_faults(spec: CorpusSpec, manifest: Location, cells: Cells) -> list[Fault]:
    """Columns of numbers that are probably times of segments under other names, and would be taken for labels.

    The whole recording would then be read with the text of one segment; where only the length is overlooked, all of it
    from the segment's start on. A recipe that lists such a column in ``columns`` has said what it means; files in an
    archive are whole utterances anyway.

    Args:
        spec: What the recipe says of the corpus.
        manifest: Its manifest.
        cells: Its contents.
    """
    said = {*spec.columns, *spec.columns.values()}
    timed = {name: spec.columns.get(name, name) in cells.written for name in TIMES}
    faults = []
    for column in sorted(cells.written - {*said, *TIMES}):
        shown = flow_text(column)
        as_label = f"as a label it stays with corpus: {{columns: {{{shown}: {shown}}}}}"
        if not timed["offset"] and STARTS.fullmatch(column):
            message = f"the column '{column}' holds numbers: is it where utterances begin in their files, in s?"
            remedy = f"corpus: {{columns: {{offset: {shown}}}}}, and a column 'duration', in s; {as_label}"
        elif timed["offset"] and not timed["duration"] and ENDS.fullmatch(column):
            message = f"no column 'duration' says how long utterances are; '{column}' holds numbers"
            remedy = f"if that is it, in s: corpus: {{columns: {{duration: {shown}}}}}; {as_label}"
            if not LENGTHS.fullmatch(column):
                remedy = f"write a column 'duration', in s: the end less the start; {as_label}"
        else:
            continue
        first = _first_number(cells, column, spec)
        faults += [] if first is None else [Fault(where(manifest, first), message, remedy)]
    return faults


def _first_number(cells: Cells, column: str, spec: CorpusSpec) -> str | None:
    """Where a column of nothing but numbers has its first cell, among rows whose audio is not in an archive."""
    import polars

    audio = f"text:{spec.columns.get('audio_filepath', 'audio_filepath')}"
    if f"text:{column}" not in cells.frame.columns or audio not in cells.frame.columns:
        return None
    inside = polars.col(audio).str.contains(MARK, literal=True).fill_null(value=False)
    given = cells.frame.filter(~inside).select("row", polars.col(f"text:{column}").alias("said")).drop_nulls("said")
    numbers = given["said"].cast(polars.Float64, strict=False)
    return None if not given.height or numbers.null_count() else str(given["row"][0])


def nested_fault(manifest: Location, label: str, found: Nested, written: Mapping[str, str] = NO_NAMES) -> Fault:
    """The fault of a column whose cells should hold one value and hold several.

    Args:
        manifest: The manifest.
        label: Name of the column as the recipe has it.
        found: What was found in it.
        written: Names of columns in the manifest, where they differ.
    """
    remedy = "write the words as one text, with spaces" if label == "text" else "write one value a row, or none"
    return Fault(
        where(manifest, found.places[0]), f"{written.get(label, label)}: expected one value, found {found}", remedy
    )


def sound_rows(
    frame: "polars.DataFrame",
    manifest: Location,
    most_faults: int = MOST_FAULTS,
    written: Mapping[str, str] = NO_NAMES,
) -> tuple["polars.DataFrame", list[Fault]]:
    """Rows without faults, each with an id: its own, or one made from its audio path.

    Args:
        frame: Columns ``row``, ``audio_filepath``, ``audio_channel``, ``offset``, ``duration``, ``shown:offset`` and
            ``shown:duration`` of :class:`~augment.corpus.cells.Cells`, and ``id``, null for rows that have none.
        manifest: The manifest.
        most_faults: How many faults are reported.
        written: Names of columns in the manifest, where they differ.

    Returns:
        The sound rows, and the faults of all others in the order of rows.

    Raises:
        CorpusError: There are that many faults or more; the first 50 are given.
    """
    frame, faults = _checked(frame, most_faults, written)
    frame = frame.with_columns(identities(frame))
    again = ~frame["id"].is_first_distinct()
    if again.any():
        faults |= _twice(frame, again, most_faults)
        frame = frame.filter(~again)
    return frame, _placed(faults, manifest, most_faults)


def _checked(
    frame: "polars.DataFrame", most_faults: int, written: Mapping[str, str]
) -> tuple["polars.DataFrame", dict[str, list[Fault]]]:
    """Rows whose cells are as they should be, and the faults of the others, each row by itself."""
    import polars

    odd = {name: polars.col(f"shown:{name}").str.len_bytes() > 0 for name in ("offset", "duration")}
    no_audio = polars.col("audio_filepath").is_null()
    bad_offset = odd["offset"] & polars.col("offset").is_null()
    bad_duration = odd["duration"] & polars.col("offset").is_not_null()
    faults: dict[str, list[Fault]] = {}
    frame = frame.with_columns(polars.col("audio_channel").str.replace(r"\.0+$", ""))
    bad_channel = ~polars.col("audio_channel").str.contains(r"^(?:[0-9]|[1-5][0-9]|6[0-3]|mix)$")
    channel, offset, duration = (written.get(name, name) for name in ("audio_channel", *TIMES))
    checks: tuple[tuple[polars.Expr, Callable[[dict[str, object]], Fault]], ...] = (
        (no_audio, _no_audio),
        (bad_channel, partial(_channel, channel)),
        (bad_offset, partial(_offset, offset)),
        (bad_duration, partial(_duration, duration)),
        (polars.lit(dangerous(frame)), _id),
    )
    sound = polars.lit(value=True)
    for wrong, told in checks:
        wrong = wrong.fill_null(value=False)
        for row in frame.filter(wrong).head(most_faults).iter_rows(named=True):
            faults.setdefault(row["row"], []).append(told(row))
        sound &= ~wrong
    return frame.filter(sound), faults


def _placed(faults: Mapping[str, Sequence[Fault]], manifest: Location, most_faults: int) -> list[Fault]:
    """Faults by row, with their places and in the order of rows."""
    ordered = sorted(faults, key=in_order)
    found = [Fault(where(manifest, row), fault.message, fault.remedy) for row in ordered for fault in faults[row]]
    if len(found) >= most_faults:
        end = Fault(str(manifest), "and perhaps more: reading stopped here")
        raise CorpusError([*gathered(found[:MOST_FAULTS]), end])
    return found


def in_order(row: str) -> tuple[str, int]:
    """Places of rows by file, then by line: ``9`` before ``10``."""
    file, _, line = row.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def _no_audio(row: dict[str, object]) -> Fault:
    return Fault("", "the row names no audio file")


def _channel(column: str, row: dict[str, object]) -> Fault:
    expected = f"{column}: expected a channel, 0 to {MOST_CHANNELS - 1}, or mix"
    return Fault("", f"{expected}, found {row['audio_channel']!r}")


def _offset(column: str, row: dict[str, object]) -> Fault:
    """An offset that is not a number: which part of the file is meant must not be guessed."""
    expected = f"{column}: expected seconds, 0 or more, found {row['shown:offset']}"
    return Fault("", expected, "leave it empty (in JSON: null) where the whole file is meant")


def _duration(column: str, row: dict[str, object]) -> Fault:
    return Fault("", f"{column}: expected seconds, more than 0, found {row['shown:duration']}")


def _id(row: dict[str, object]) -> Fault:
    identity = str(row["id"])
    return Fault("", f"the id {identity[:80]!r} {danger(identity)}", "give the utterance another id")


def _twice(frame: "polars.DataFrame", again: "polars.Series", most_faults: int) -> dict[str, list[Fault]]:
    import polars

    late = frame.filter(again).head(most_faults)
    early = frame.filter(~again & frame["id"].is_in(late["id"].to_list()))
    first = dict(early.select("id", "row").rows())
    return {
        row: [Fault("", f"the id '{identity}' is also that of row {first[identity]}", "ids must be unique")]
        for identity, row in late.select("id", polars.col("row")).rows()
    }
