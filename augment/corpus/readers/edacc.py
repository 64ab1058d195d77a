"""EdAcc: ``dev`` and ``test`` with ``segments``, ``text`` and ``utt2spk``, conversations in ``data``.

Speakers are described by ``linguistic_background.csv``, a table of questions and answers: those about accent, gender
and so on become labels of these names (:data:`QUESTIONS`), any other is named after its first words. The marks in
``stm``, such as ``<male,l1>``, give a gender where the table has none, and say whether English is a first or second
language (the label ``english``). Texts are kept as written, with marks such as ``<overlap>``; they include segments in
which two people talk at once.

Reference: release 1.0 (``edacc_v1.0``), https://doi.org/10.7488/ds/3832. The archive itself was not available.
Confirmed by programs that read it: its files and their columns, ``PARTICIPANT_ID``, and the questions below except the
one about the first language, which is a guess. Not confirmed: all other questions; segments may be longer than turns in
``stm``.
"""

import csv
import re
from collections.abc import Iterator

from augment.corpus.foreign_tables import differing, unlike
from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("linguistic_background.csv", "dev/conv.list", "test/conv.list")
BACKGROUND, PARTICIPANT = "linguistic_background.csv", "PARTICIPANT_ID"
SUBSETS = ("dev", "test")
QUESTIONS = {
    "accent": r"\byour accent\b|^accent$",
    "l1": r"\b(first|native) language\b",
    "gender": r"\bgender\b",
    "ethnicity": r"\bethnic",
    "education": r"\beducation\b",
    "second_languages": r"\bsecond languages?\b",
    "year_of_birth": r"\byear of birth\b",
    "english_since": r"\bstart learning english\b",
}
"""Labels, and the words by which their questions are recognised."""


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of subsets and segments."""
    subsets = [name for name in SUBSETS if source.path.is_dir() and source.has(f"{name}/segments")]
    if not subsets:
        remedy = "name the folder that holds dev and test (edacc_v1.0)"
        raise CorpusError(Fault(str(source.path), "has neither dev/segments nor test/segments", remedy))
    background = _background(source)
    silent: set[str] = set()
    unheard = 0
    for subset in subsets:
        texts, speakers = (_pairs(source, f"{subset}/{name}") for name in ("text", "utt2spk"))
        spoken = _spoken(source, f"{subset}/stm")
        heard = set[str]()
        for number, line in enumerate(source.lines(f"{subset}/segments"), start=1):
            place = f"{subset}/segments:{number}"
            cut = _cut(line)
            if not cut and line.strip():
                message = f"expected an id, a recording, a start and an end, found '{line.strip()}'"
                yield place, source.fault(place, message)
            elif cut:
                speaker = speakers.get(cut["id"], "")
                heard.add(cut["id"])
                silent |= {speaker} - background.keys()
                labels = {**spoken.get(speaker, {}), **background.get(speaker, {}), "subset": subset}
                yield place, {**labels, **cut, "text": texts.get(cut["id"], ""), "speaker": speaker}
        unheard += len(texts.keys() - heard)
    if unheard:
        source.tell(f"{unheard} texts have no segment: they are not used")
    if background and silent:
        source.tell(f"{BACKGROUND} does not describe", sorted(silent))


def _cut(line: str) -> Row | None:
    """The stretch of a recording that a line of ``segments`` names.

    Example:
        >>> _cut("EDACC-C06-000000001 EDACC-C06 5.27 9.5")["audio_filepath"], _cut("EDACC-C06-000000001 EDACC-C06")
        ('data/EDACC-C06.wav', None)
    """
    try:
        identity, recording, start, end = line.split()
        offset, duration = float(start), round(float(end) - float(start), 6)
    except ValueError:
        return None
    return {"id": identity, "audio_filepath": f"data/{recording}.wav", "offset": offset, "duration": duration}


def _pairs(source: Source, name: str) -> dict[str, str]:
    """Keys and values in a file; the value is the rest of the line."""
    found: dict[str, str] = {}
    faults = []
    for number, line in enumerate(source.lines(name), start=1):
        key, *value = line.split(maxsplit=1) or [""]
        if key in found:
            faults.append(source.fault(f"{name}:{number}", f"'{key}' appears in this file twice"))
        elif key:
            found[key] = "".join(value).strip()
    if faults:
        raise CorpusError(faults[:50])
    return found


def _spoken(source: Source, name: str) -> dict[str, Row]:
    """Each speaker's gender and status of English, from marks such as ``<female,l1>``; empty without the file.

    A speaker who is marked in two ways gets neither.
    """
    found: dict[str, Row] = {}
    unsure: set[str] = set()
    faults = []
    for number, line in enumerate(source.lines(name) if source.has(name) else (), start=1):
        parts = line.split(maxsplit=6)
        if line.startswith(";;") or not parts:
            continue
        mark = re.fullmatch(r"<([^<>,]+),([^<>,]+)>", parts[5]) if len(parts) > 5 else None
        if mark:
            said = {"gender": mark[1], "english": mark[2]}
            unsure |= {parts[2]} if found.setdefault(parts[2], said) != said else set()
        elif len(parts) < 6:
            message = "expected a recording, a channel, a speaker, a start, an end and a mark"
            faults.append(source.fault(f"{name}:{number}", f"{message}, found '{line.strip()}'"))
    if faults:
        raise CorpusError(faults[:50])
    if unsure:
        source.tell(f"{name} marks these speakers in two ways, and neither is taken:", sorted(unsure))
    return {speaker: said for speaker, said in found.items() if speaker not in unsure}


def _background(source: Source) -> dict[str, Row]:
    """Each participant's answers by label; empty without the table."""
    if not source.has(BACKGROUND):
        source.tell(f"there is no {BACKGROUND}: accents are not known")
        return {}
    reader = csv.DictReader(source.lines(BACKGROUND), strict=True)
    found: dict[str, Row] = {}
    faults = []
    try:
        header = unlike([name for name in reader.fieldnames or () if name], source.where(f"{BACKGROUND}:1"))
        names = question_labels([name for name in header if name.strip() != PARTICIPANT])
        key = next((name for name in header if name.strip() == PARTICIPANT), None)
        if key is None:
            raise CorpusError(source.fault(f"{BACKGROUND}:1", f"expected a column {PARTICIPANT}"))
        for row in reader:
            place = f"{BACKGROUND}:{reader.line_num}"
            if None in row or not row[key]:
                message = f"expected a {PARTICIPANT}, and no more cells than the header has columns"
                raise CorpusError(source.fault(place, message))
            participant, answers = row[key].strip(), {label: row[column] for column, label in names.items()}
            faults += differing(found, participant, answers, source.where(place))
            found[participant] = answers
    except csv.Error as error:
        message = f"cannot be read as a table: {error}"
        raise CorpusError(source.fault(f"{BACKGROUND}:{reader.reader.line_num}", message)) from None
    if faults:
        raise CorpusError(faults[:50])
    return found


def question_labels(columns: list[str]) -> dict[str, str]:
    """The label that the answers to each question become.

    Example:
        >>> question_labels(["How would you describe your accent?", "What’s your job? (e.g. cook) "])
        {'How would you describe your accent?': 'accent', 'What’s your job? (e.g. cook) ': 'whats_your_job'}
    """
    found: dict[str, str] = {}
    for column in columns:
        words = re.findall(r"[a-z0-9]+", re.sub(r"\(.*|['’]", "", column.lower()))
        known = (label for label, sign in QUESTIONS.items() if re.search(sign, column, re.IGNORECASE))
        for label in (*known, "_".join(words)[:40].rstrip("_")):
            if label and label not in found.values():
                found[column] = label
                break
    return found
