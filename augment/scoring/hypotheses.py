"""What a recogniser made of a test set: files in the forms that recognisers write, matched to the set's items."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from augment.errors import Fault, ScoreError, gathered, nearest
from augment.files.json_text import strict_json
from augment.files.regular import read_record
from augment.formats.kaldi_tables import utterance_key
from augment.testset.reading import Row

LARGEST_BYTES = 2**30
MOST_FAULTS = 20
Said = tuple[str, tuple[str, ...], str]
"""Where it stands, which item it is for, by one or two names as written, and what was recognised."""
OF_A_MANIFEST = ("pcm_sha256", "snr_band_hz")
"""Columns that rows of a test set have, and no recogniser writes by itself."""
TIMED = frozenset({".stm", ".ctm", ".srt", ".vtt", ".rttm", ".textgrid"})
RECOGNISED = re.compile(
    r"(pred(ict(ed|ion))?|hyp(othesis)?|recogni[sz]ed|transcri(pt(ion)?|bed)|decoded|asr|output)(_?(text|words?))?",
    re.IGNORECASE,
)
"""What columns of recognised texts are called."""
TRN = re.compile(r"(?s)^(.*)\(([^()\s]+)\)\s*$")


@dataclass(frozen=True)
class Hypotheses:
    """What a recogniser made of a set.

    Attributes:
        texts: For each item in the order of the manifest; None for an item without a line.
        sha256: Of the file.
    """

    texts: tuple[str | None, ...]
    sha256: str


def read_hypotheses(path: Path, rows: Sequence[Row], missing_as_deleted: bool = False) -> Hypotheses:
    """What was recognised, for each item of a set.

    JSON Lines have ``id`` or ``audio_filepath``, and ``pred_text`` or ``text``; so have the columns of ``.csv`` and
    ``.tsv``. A ``text`` beside which something else looks like what was recognised may be the reference. In ``.trn``
    (sclite) the id stands in brackets behind the words, in any other file before them, as in Kaldi's ``text``. An item
    may be called by its id, by its audio file, or as in the Kaldi export.

    Args:
        path: File.
        rows: Of the set's manifest.
        missing_as_deleted: Allow items without a line.

    Raises:
        ScoreError: The file cannot be read, lines are damaged, name no item of the set or name one twice, or items are
            missing. All are told together.
    """
    known = _names(rows)
    found: dict[int, tuple[str, str]] = {}
    unknown, twice = [], []
    data = read_record(path, ScoreError, LARGEST_BYTES)
    for where, (name, *others), text in _said(path, data):
        number = known.get(name, known.get(_bare(name)))
        if number is None:
            unknown.append((where, name))
        elif any(known.get(other, known.get(_bare(other), number)) != number for other in others):
            twice.append(Fault(where, f"'{name}' and '{others[0]}' are two items", "keep the name of what was heard"))
        elif number in found:
            twice.append(Fault(where, f"'{name}' has a line already ({found[number][0]})", "keep one of the two"))
        else:
            found[number] = where, text
    faults = [*_strangers(path, unknown, rows, len(found)), *gathered(twice)[:MOST_FAULTS]]
    lacking = [str(row["id"]) for number, row in enumerate(rows) if number not in found]
    if lacking and not missing_as_deleted:
        faults += _lacking(path, lacking, len(rows))
    if faults:
        raise ScoreError(faults)
    texts = tuple(found[number][1] if number in found else None for number in range(len(rows)))
    return Hypotheses(texts, sha256(data).hexdigest())


def _names(rows: Sequence[Row]) -> dict[str, int]:
    """Number of an item by each name that it may be called by."""
    known = {str(row["id"]): number for number, row in enumerate(rows)}
    for number, row in enumerate(rows):
        for name in (row["audio_filepath"].rpartition(".")[0], utterance_key(row)):
            known.setdefault(name, number)
    return known


def _bare(name: str) -> str:
    """A name without the ending of an audio file, and without the folders above ``audio``.

    Example:
        >>> _bare("u1__fan"), _bare("/data/set/audio/fan/u1.flac"), _bare("u1__fan.wav")
        ('u1__fan', 'audio/fan/u1', 'u1__fan')
    """
    bare = re.sub(r"\.(flac|wav)$", "", name.strip().replace("\\", "/"), flags=re.IGNORECASE)
    parts = bare.split("/")
    return "/".join(parts[-3:]) if len(parts) >= 3 and parts[-3] == "audio" else parts[-1]


def _strangers(path: Path, unknown: Sequence[tuple[str, str]], rows: Sequence[Row], known: int) -> Iterator[Fault]:
    if not unknown:
        return
    expected = f"such as '{rows[0]['id']}'" if rows else "of a set that has no items"
    if not known:
        message = f"none of its {len(unknown)} lines is for an item of this set: it begins with '{unknown[0][1]}'"
        yield Fault(str(path), f"{message}; expected ids {expected}", "score the set that was recognised")
        return
    names = [str(row["id"]) for row in rows]
    for where, name in unknown[:MOST_FAULTS]:
        yield Fault(where, f"'{name}' is no item of this set", nearest(name, names))
    if len(unknown) > MOST_FAULTS:
        yield Fault(str(path), f"{len(unknown)} lines are for no item of this set", "was it built anew since?")


def _lacking(path: Path, lacking: Sequence[str], of: int) -> Iterator[Fault]:
    shown = ", ".join(lacking[:MOST_FAULTS]) + (", ..." if len(lacking) > MOST_FAULTS else "")
    remedy = "recognise them too, or count all their words as deleted with --missing deletions"
    yield Fault(str(path), f"{len(lacking)} of {of} items have no line: {shown}", remedy)


def _said(path: Path, data: bytes) -> Iterator[Said]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScoreError(Fault(str(path), f"is no UTF-8: byte {error.start + 1} cannot be read")) from None
    if not text.strip():
        raise ScoreError(Fault(str(path), "the file holds no line"))
    yield from _form(path, text)(path, text)


def _form(path: Path, text: str) -> Callable[[Path, str], Iterable[Said]]:
    ending = path.suffix.lower()
    if text.lstrip().startswith("{"):
        return _json_lines
    if ending in {".json", ".jsonl", ".ndjson"}:
        remedy = "write one object a line"
        raise ScoreError(Fault(str(path), "expected JSON Lines, {...} in each; found something else", remedy))
    if ending in TIMED:
        remedy = "write Kaldi's text, an id and its words in each line, or another form of --hyp"
        raise ScoreError(Fault(str(path), f"{ending} has times, which would be taken for words", remedy))
    return {".csv": _commas, ".tsv": _tabs, ".trn": _trn}.get(ending, _kaldi)


def _json_lines(path: Path, text: str) -> Iterator[Said]:
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            row = strict_json(line)
            if not isinstance(row, dict):
                raise ValueError("expected an object")
            yield where, *_cells(row)
        except (ValueError, RecursionError) as error:
            faults.append(Fault(where, f"the line cannot be used: {error}"))
    if faults:
        raise ScoreError(gathered(faults)[:MOST_FAULTS])


def _cells(row: Row) -> tuple[tuple[str, ...], str]:
    """Names and text of a row; of a manifest with predictions, the text is the reference."""
    names = tuple(row[key] for key in ("id", "audio_filepath") if row.get(key) is not None)
    text = next((row[key] for key in ("pred_text", "text") if key in row), None)
    if not names or not isinstance(names[0], str):
        raise ValueError("it has neither 'id' nor 'audio_filepath'")
    if "pred_text" not in row:
        _refuse_references(row)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"'text' is {text!r}; expected a text")
    if text is None and not {"pred_text", "text"} & set(row):
        raise ValueError("it has neither 'pred_text' nor 'text'")
    return tuple(map(str, names)), text or ""


def _refuse_references(row: Row) -> None:
    """Refuse a row whose text is, or may be, the reference: whoever scored it would see a recogniser without errors.

    Raises:
        ValueError: It is.
    """
    beside = next((key for key in row if RECOGNISED.fullmatch(str(key))), None)
    if beside is not None:
        raise ValueError(f"is it 'text' or '{beside}' that was recognised? expected it as 'pred_text'")
    if any(column in row for column in OF_A_MANIFEST):
        raise ValueError("it is a row of a test set, whose 'text' may be the reference; expected 'pred_text' beside it")


def _commas(path: Path, text: str) -> Iterator[Said]:
    return _columns(path, csv.DictReader(io.StringIO(text, newline="")))


def _tabs(path: Path, text: str) -> Iterator[Said]:
    return _columns(path, csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))


def _columns(path: Path, reader: "csv.DictReader[str]") -> Iterator[Said]:
    names = set(reader.fieldnames or ())
    twice = next((name for name in names if list(reader.fieldnames or ()).count(name) > 1), None)
    if twice is not None:
        raise ScoreError(Fault(f"{path}:1", f"two columns are called '{twice}'", "keep the one that was recognised"))
    if not {"id", "audio_filepath"} & names or not {"pred_text", "text"} & names:
        found = ", ".join(map(str, reader.fieldnames or ()))
        expected = "expected 'id' or 'audio_filepath', and 'text' or 'pred_text'"
        raise ScoreError(Fault(f"{path}:1", f"the columns are {found}; {expected}"))
    for row in reader:
        where = f"{path}:{reader.line_num}"
        if None in row or None in row.values():
            raise ScoreError(Fault(where, "the line has more or fewer cells than the first line", "quote the texts"))
        try:
            yield where, *_cells(row)
        except ValueError as error:
            raise ScoreError(Fault(where, f"the line cannot be used: {error}")) from None


def _trn(path: Path, text: str) -> Iterator[Said]:
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith(";;"):
            continue
        found = TRN.match(line)
        if found is None:
            faults.append(Fault(f"{path}:{number}", "the line does not end in an id in brackets, such as (u1__quiet)"))
            continue
        yield f"{path}:{number}", (found[2],), found[1].strip()
    if faults:
        raise ScoreError(gathered(faults)[:MOST_FAULTS])


def _kaldi(path: Path, text: str) -> Iterator[Said]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            name, _, said = line.strip().partition(" ") if "\t" not in line else line.strip().partition("\t")
            yield f"{path}:{number}", (name,), said.strip()
