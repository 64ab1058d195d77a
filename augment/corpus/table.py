"""The corpus as a table, and how a manifest becomes one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from augment.acoustics.channels import channel_text
from augment.corpus.cells import MOST_BROKEN, MOST_FAULTS, TIMES, Cells, read_cells
from augment.corpus.checks import (
    FIXED,
    SPELLED,
    column_faults,
    in_order,
    likely_column,
    nested_fault,
    sound_rows,
    taken_from,
    time_faults,
)
from augment.corpus.name_leaks import telling_columns, telling_lines, told_names
from augment.corpus.nested import Nested
from augment.corpus.pseudonyms import Pseudonyms, pseudonymised, pseudonyms_of
from augment.corpus.source import folder_of
from augment.corpus.spec import CorpusSpec
from augment.corpus.texts import wordless
from augment.corpus.unused import Leftover, Unused, unused_notes
from augment.corpus.values import NOTHING, nearly_named, replaced, settled
from augment.errors import CorpusError, Fault, counted, flow_text, gathered, nearest
from augment.files.channels import CHANNEL
from augment.files.location import Location, joined
from augment.notes import Effect, Note

if TYPE_CHECKING:
    import polars

DATA_ROOT = r"^(?:\{data_root\}|\$data_root|\$\{data_root\})/+"
"""A placeholder that SpeechBrain fills in when it loads a manifest."""

TOGETHER = " / "
"""Joins the names, and the values, of labels that are taken together, as in the names of groups."""


@dataclass(frozen=True)
class Corpus:
    """Clean labelled speech.

    Attributes:
        frame: One row for each utterance that may be used. Columns: ``id``, ``audio_filepath`` (as written),
            ``audio_channel`` (from 0, or ``mix``; null where it is not given), ``offset`` (s; null for a row that is
            a whole file), ``duration`` (s, as declared), ``text``, ``speaker``, ``licence``, ``credit``, ``row`` (line
            of the manifest, or ``file:line``), then one text column for each label (:func:`label_column`), null where a
            row has none.
        manifest: Location of the manifest, from whose folder relative audio paths start; or of the corpus's folder.
        labels: Names of the label columns.
        left_out: How many rows are not used, by reason.
        notes: What the user should know.
        nested: Columns that cannot be labels, since some of their cells hold more than one value; by the label's name.
        unused: What the reader saw and did not use.
        broken: Faults of rows that are left out because they cannot be read, where the recipe allows it.
        lost: How many unusable rows are left out, of each group and, under an empty name, in all.
        pseudonyms: Those that replace speakers and ids; None where these keep their names in the corpus.
        telling: Under pseudonyms: labels, ``text`` and ``credit``, with the number of rows in which they repeat a name.
    """

    frame: "polars.DataFrame"
    manifest: Location
    labels: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    nested: Mapping[str, Nested] = field(default_factory=dict)
    unused: tuple[Unused, ...] = ()
    broken: tuple[Fault, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)
    pseudonyms: Pseudonyms | None = None
    telling: Mapping[str, int] = field(default_factory=dict)

    def audio_path(self, written: str) -> Location:
        """Path of an audio file as the manifest spells it."""
        return joined(self.folder, written)

    @property
    def folder(self) -> Location:
        """Where relative audio paths start."""
        return folder_of(self.manifest)

    def without_folder(self, told: str) -> str:
        """A text without the folder that holds the corpus on this machine, for test sets that travel."""
        return re.sub(rf"(?<![^\s(;:]){re.escape(str(self.folder))}/", "", told)

    @property
    def known_labels(self) -> str:
        """Its labels, as listed in messages."""
        return f"labels of the corpus: {', '.join(self.labels) or 'none'}"

    def no_label(self, label: str, message: str) -> Fault:
        """The fault of a label that the corpus does not have, or whose cells hold more than one value."""
        if label in self.nested:
            return nested_fault(self.manifest, label, self.nested[label])
        held, near = likely_column(label, set(self.labels)), nearest(label, self.labels)
        told = near if near.startswith("one of") else f"{near} ({self.known_labels})"
        return Fault(str(self.manifest), message, told if held is None else f"{taken_from(label, held)}; {told}")


def read_corpus(spec: CorpusSpec, base: Location, recipe_text: str = "", as_written: bool = False) -> Corpus:
    """Read the manifest of a corpus.

    Args:
        spec: What the recipe says about it.
        base: Folder that its path starts from.
        recipe_text: The whole recipe, which is published with the test set: under pseudonyms it must not reveal names.
        as_written: Keep labels and speakers that say that there is no value, and their spellings, and only tell them:
            for a manifest of the corpus, whose recipe may name them as values.

    Rows that cannot be read are faults, or ``broken`` where the recipe lets them be left out.

    Raises:
        CorpusError: The manifest cannot be read, a column is missing, ids are duplicated or dangerous, or no row is
            left; all faults of its rows are named (up to 50).
    """
    import polars

    manifest = joined(base, spec.path)
    most = MOST_BROKEN if spec.tolerance.leaves_out else MOST_FAULTS
    cells = read_cells(manifest, spec.columns, spec.layout, spec.pattern, most)
    spec = _spelled(spec, cells)
    found = {*cells.written - {*spec.columns.values(), *spec.columns}, *spec.columns}
    nested = _nested(found, spec, cells)
    _refuse_columns(spec, manifest, cells, found)
    labels = tuple(sorted(found - set(FIXED) - nested.keys()))
    frame, faults = sound_rows(_under_our_names(cells, spec, labels), manifest, most, spec.columns)
    _refuse_cells(spec, manifest, cells, nested, faults)
    broken, faults = ([*cells.faults, *faults], []) if spec.tolerance.leaves_out else ([], faults)
    timed = polars.when(polars.col("shown:duration").is_null()).then("duration").alias("duration")
    frame, notes = _settled(frame.with_columns(timed), spec, labels, as_written)
    columns = {label: label_column(label) for label in labels}
    names, telling = pseudonyms_of(spec, base), dict[str, int]()
    if names is not None:
        faults += told_names(spec, frame, names, manifest)
        telling = telling_columns(frame, columns)
        notes += _recipe_notes(recipe_text, frame)
        frame = pseudonymised(frame, names)
    frame, unmet = _renamed(frame, spec)
    near = nearly_named(frame, spec, columns)
    frame, left_out, missing = _wanted(frame, spec, manifest)
    if faults or missing:
        raise CorpusError(gathered([*faults, *missing]))
    if not frame.height:
        reasons = ", ".join(f"{count} because {reason}" for reason, count in left_out.items())
        raise CorpusError([*gathered(broken)[:MOST_FAULTS], Fault(str(manifest), f"no row is left: {reasons}")])
    unused = (*cells.unused, *(Unused(Leftover.COLUMNS, f"{n}: {held.kind}", held.count) for n, held in nested.items()))
    notes += [*unmet, *near, *_column_notes(spec, cells, found), *_row_notes(frame), *unused_notes(unused)]
    notes += [note.under(str if names is None else names.speaker) for note in cells.notes]
    return Corpus(
        _in_columns(frame, spec, labels), manifest, labels, left_out, tuple(sorted(notes, key=str)), nested, unused,
        tuple(broken), pseudonyms=names, telling=telling,
    )  # fmt: skip


def _refuse_columns(spec: CorpusSpec, manifest: Location, cells: Cells, found: set[str]) -> None:
    """Refuse a manifest without rows, or with columns that cannot be read and must be."""
    if not cells.count:
        why = "; ".join([*(note.message for note in cells.notes), *map(str, unused_notes(cells.unused))])
        raise CorpusError(Fault(str(manifest), "the corpus has no rows", why))
    faults = column_faults(spec, manifest, found, cells.written) if cells.frame.height else []
    faults += time_faults(spec, manifest, cells)
    if faults or not (cells.frame.height or spec.tolerance.leaves_out):
        raise CorpusError(gathered([*faults, *cells.faults])[:MOST_FAULTS])


def _refuse_cells(
    spec: CorpusSpec, manifest: Location, cells: Cells, nested: Mapping[str, Nested], faults: Sequence[Fault]
) -> None:
    """Refuse rows that cannot be read and must be, and with them tell what else is wrong with rows."""
    needed = {*FIXED, *spec.columns, *spec.labels, *spec.keep, *spec.dropped}  # one value a row, whatever the design
    several = [nested_fault(manifest, name, nested[name], spec.columns) for name in sorted(needed & nested.keys())]
    broken = [] if spec.tolerance.leaves_out else [*cells.faults, *faults]
    if several or (broken and cells.faults):
        told = sorted([*several, *broken], key=lambda fault: in_order(fault.where))
        raise CorpusError(gathered(told)[:MOST_FAULTS])


def _recipe_notes(recipe_text: str, frame: "polars.DataFrame") -> list[Note]:
    """A note on names that the recipe tells: it is published with the test set."""
    lines = ", ".join(map(str, telling_lines(recipe_text, frame)))
    told = f"names of speakers or utterances are in the recipe, a part of the test set: line {lines}"
    return [Note(told, Effect.LICENCE, told)] if lines else []


def _column_notes(spec: CorpusSpec, cells: Cells, found: set[str]) -> list[Note]:
    """What the user should know of how columns are taken."""
    numbers = cells.numbers.get(spec.columns.get("text", "text"), 0)
    rows = counted(numbers, "row has", "rows have")
    channels = spec.columns.get("audio_channel") == "channel"
    spelled = f"{rows} a number (or true, false) for a text, taken as it is spelled: write the words themselves"
    numbered = "the column 'channel' holds numbers: they say which channel of its file a row is, from 0"
    speaker, text = (None if name in found else likely_column(name, found) for name in ("speaker", "text"))
    unnamed = "the corpus has no column 'speaker': all utterances count as one unknown speaker"
    unnamed += f"; {taken_from('speaker', speaker)}" if speaker else ""
    silent = f"the corpus has no column 'text', and nothing can be scored; {taken_from('text', text or '')}"
    notes = {
        Note(spelled, Effect.LABEL): numbers,
        Note(numbered, Effect.HOUSEKEEPING): channels,
        Note(unnamed, Effect.TOO_WEAK, "no speakers are named: all count as one", 1.0): "speaker" not in found,
        Note(silent, Effect.TOO_WEAK, f"nothing can be scored: is the text in '{text}'?", 1.0): text is not None,
    }
    return [note for note, holds in notes.items() if holds]


def _nested(found: set[str], spec: CorpusSpec, cells: Cells) -> dict[str, Nested]:
    """Columns with cells that hold more than one value, by the name that the recipe gives them."""
    written = {name: spec.columns.get(name, name) for name in found}
    return {name: cells.nested[column] for name, column in written.items() if column in cells.nested}


def _settled(
    frame: "polars.DataFrame", spec: CorpusSpec, labels: tuple[str, ...], as_written: bool
) -> tuple["polars.DataFrame", list[Note]]:
    """Rows whose labels are values or null, and whose audio paths are resolved; and what the user should know."""
    columns = {"speaker": "speaker", **{name: label_column(name) for name in labels}}
    mended, notes = settled(frame, columns, spec)
    frame = frame if as_written else mended
    rooted = frame["audio_filepath"].str.contains(DATA_ROOT)
    if rooted.any():
        told = f"{rooted.sum()} audio paths begin with 'data_root', which is taken for the manifest's folder"
        notes.append(Note(told, Effect.HOUSEKEEPING))
        frame = frame.with_columns(frame["audio_filepath"].str.replace(DATA_ROOT, ""))
    return frame, notes


def _in_columns(frame: "polars.DataFrame", spec: CorpusSpec, labels: tuple[str, ...]) -> "polars.DataFrame":
    """The columns of a corpus; what a row leaves out is filled in with what the recipe says for all rows."""
    import polars

    given = [
        polars.col(name).fill_null(said)
        for name, said in (
            ("licence", spec.licence),
            ("credit", spec.credit),
            ("audio_channel", channel_text(spec.channel)),
        )
        if said is not None
    ]
    columns = [*FIXED, "row", *map(label_column, labels)]
    return frame.select(columns).with_columns(frame["text"].fill_null(""), *given).rechunk()


def label_column(label: str) -> str:
    """Column of a corpus that holds a label; it cannot clash with other columns, whatever the label is called.

    Example:
        >>> label_column("accent")
        'label:accent'
    """
    return f"label:{label}"


def _spelled(spec: CorpusSpec, cells: Cells) -> CorpusSpec:
    """The recipe's columns, and those that the corpus has under another usual name.

    A column ``channel`` of numbers says which channel of a file is meant; with any other text in it, it is a label.
    """
    written = cells.written - {"channel"} if _names_devices(spec, cells) else cells.written
    taken = {*written, *spec.columns}
    found = {name: other for name, others in SPELLED.items() for other in reversed(others) if other in written}
    usual = {name: other for name, other in found.items() if name not in taken}
    return spec.model_copy(update={"columns": {**usual, **spec.columns}})


def _names_devices(spec: CorpusSpec, cells: Cells) -> bool:
    if "text:channel" not in cells.frame.columns or "channel" in spec.columns.values():
        return True
    return any(not CHANNEL.fullmatch(value) for value in cells.frame["text:channel"].drop_nulls().unique())


def _under_our_names(cells: Cells, spec: CorpusSpec, labels: tuple[str, ...]) -> "polars.DataFrame":
    """Cells under the names that the recipe gives them; a column that the manifest does not have is empty."""
    import polars

    def cell(kind: str, name: str, dtype: type[polars.DataType]) -> polars.Expr:
        written = f"{kind}:{spec.columns.get(name, name)}"
        there = written in cells.frame.columns
        return polars.col(written) if there else polars.lit(None, dtype)

    return cells.frame.select(
        "row",
        *(cell("text", name, polars.String).alias(name) for name in FIXED if name not in TIMES),
        *(cell("seconds", name, polars.Float64).alias(name) for name in TIMES),
        *(cell("shown", name, polars.String).alias(f"shown:{name}") for name in TIMES),
        *(cell("text", label, polars.String).alias(label_column(label)) for label in labels),
    )


def _renamed(frame: "polars.DataFrame", spec: CorpusSpec) -> tuple["polars.DataFrame", list[Note]]:
    """Rows with their labels renamed, and notes on values that no row has."""
    notes = []
    for label, mapping in spec.labels.items():
        column = label_column(label)
        met = set(frame[column].unique()) - {None}
        for value in (value for value in mapping if value not in met):
            near = get_close_matches(value, sorted(met), n=1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            told = f"corpus.labels.{label}: no row has the value '{value}'{meant}"
            notes.append(Note(told, Effect.LABEL, told))
        if mapping:
            new = {value: meant and (meant.strip() or None) for value, meant in mapping.items()}
            frame = frame.with_columns(replaced(column, new))
    return frame, notes


def _wanted(
    frame: "polars.DataFrame", spec: CorpusSpec, manifest: Location
) -> tuple["polars.DataFrame", dict[str, int], list[Fault]]:
    """Rows that may be used, how many others there are by reason, and values in the recipe that no row has."""
    import polars

    columns = {name: name if name in FIXED else label_column(name) for name in {**spec.keep, **spec.dropped}}
    faults, reasons = [], []
    named = polars.lit(value=False)
    for name, dropped in spec.dropped.items():
        faults += _unmet(frame, "leave_out", name, columns[name], dropped, manifest)
        named |= polars.col(columns[name]).is_in(list(dropped)).fill_null(value=False)
    reasons.append(polars.when(named).then(polars.lit("named in corpus.leave_out")))
    for name, kept in spec.keep.items():
        faults += _unmet(frame.filter(~named), "keep", name, columns[name], kept, manifest)
        # A row without the label does not have another value of it; balance.unlabelled decides what becomes of it.
        outside = ~polars.col(columns[name]).is_in(list(kept))
        reasons.append(polars.when(outside).then(polars.lit(f"{name} is not one of those to keep")))
    if not columns:
        return frame, {}, []
    frame = frame.with_columns(polars.coalesce(reasons).alias("reason"))
    counts = frame.drop_nulls("reason").group_by("reason", maintain_order=True).len().rows()
    return frame.filter(polars.col("reason").is_null()), dict(sorted(counts)), faults


def _unmet(
    frame: "polars.DataFrame", part: str, name: str, column: str, wanted: Iterable[str], manifest: Location
) -> list[Fault]:
    """Faults of values that a part of the recipe names and no row has."""
    met = set(frame[column].unique()) - {None, ""}
    absent = sorted(set(wanted) - met)
    speakers = set(frame["speaker"].unique()) if absent and name == "id" else set()
    faults = []
    for value in absent:
        speaks = f"it is a speaker: corpus: {{{part}: {{speaker: [{flow_text(value)}]}}}}" if value in speakers else ""
        message = f"corpus.{part} names the {name} '{value}', which no row has"
        faults.append(Fault(str(manifest), message, speaks or nearest(value, sorted(met))))
    return faults


def _row_notes(frame: "polars.DataFrame") -> list[Note]:
    """Notes on what is odd about rows that are used."""
    no_time = frame["duration"].is_null() & frame["shown:duration"].is_not_null()
    nothing = frame["text"].str.to_lowercase().is_in(list(NOTHING))
    counts = {
        "rows have a duration that is no number: the audio's own is used": no_time.sum(),
        f"rows have a text that programs write for none ({', '.join(frame['text'].filter(nothing).unique().sort())})"
        ": mend it, if nobody says that": nothing.sum(),
    }
    empty, bare = frame["text"].null_count(), int(wordless(frame["text"]).sum())
    none = "no text" if empty == bare else f"a text without a word ({empty} of them none at all)"
    counts[f"rows have {none}: their word error rate is undefined"] = bare
    return [Note(f"{count} {what}", Effect.LABEL) for what, count in counts.items() if count]
