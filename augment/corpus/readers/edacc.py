"""EdAcc: ``dev`` and ``test`` with ``segments``, ``text`` and ``utt2spk``, conversations in ``data``.

Speakers are described by ``linguistic_background.csv``, a table of answers: the column that asks for the accent is the
label ``accent``, every other one a label named after its first words. Gender, and whether English is a first language,
stand in ``stm``. Texts are as they are written, with their marks such as ``<overlap>``; segments of two people talking
at once are among them.

Reference: the corpus's README, version 1.0; names of the answers' columns were not seen but for PARTICIPANT_ID.
"""

import csv
import re
from collections.abc import Iterator

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("linguistic_background.csv",)
BACKGROUND, PARTICIPANT = "linguistic_background.csv", "PARTICIPANT_ID"
SUBSETS = ("dev", "test")


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of subsets and segments."""
    subsets = [name for name in SUBSETS if source.has(f"{name}/segments")]
    if not subsets:
        raise CorpusError(Fault(str(source.path), "has neither dev/segments nor test/segments"))
    background = _background(source) if source.has(BACKGROUND) else {}
    for subset in subsets:
        texts, speakers = (_pairs(source, f"{subset}/{name}") for name in ("text", "utt2spk"))
        spoken = _spoken(source, f"{subset}/stm") if source.has(f"{subset}/stm") else {}
        for number, line in enumerate(source.lines(f"{subset}/segments"), start=1):
            place = f"{subset}/segments:{number}"
            try:
                identity, recording, start, end = line.split()
                offset, duration = float(start), round(float(end) - float(start), 6)
            except ValueError:
                found = line.strip()
                yield place, source.fault(place, f"expected an id, a recording, a start and an end, found '{found}'")
                continue
            speaker = speakers.get(identity, "")
            told = {"id": identity, "audio_filepath": f"data/{recording}.wav", "offset": offset, "duration": duration}
            labels = {**background.get(speaker, {}), **spoken.get(speaker, {}), "subset": subset}
            yield place, {**labels, **told, "text": texts.get(identity, ""), "speaker": speaker}


def _pairs(source: Source, name: str) -> dict[str, str]:
    found = (line.strip().partition(" ") for line in source.lines(name))
    return {key: value.strip() for key, _, value in found if key}


def _spoken(source: Source, name: str) -> dict[str, Row]:
    """Gender and status of English of each speaker, from marks such as ``<female,l1>``."""
    found: dict[str, Row] = {}
    for line in source.lines(name):
        parts = line.split()
        mark = re.fullmatch(r"<(\w+),(\w+)>", parts[5]) if len(parts) > 5 else None
        if mark:
            found[parts[2]] = {"gender": mark[1], "english": mark[2]}
    return found


def _background(source: Source) -> dict[str, Row]:
    """Answers of each participant by label."""
    reader = csv.DictReader(source.lines(BACKGROUND))
    if PARTICIPANT not in (reader.fieldnames or ()):
        raise CorpusError(source.fault(f"{BACKGROUND}:1", f"expected a column {PARTICIPANT}"))
    names: dict[str, str] = {}
    for column in reader.fieldnames or ():
        name = _label(column)
        if column != PARTICIPANT and name and name not in names.values():
            names[column] = name
    return {row[PARTICIPANT]: {name: row[column] for column, name in names.items()} for row in reader}


def _label(column: str) -> str:
    """A question as a label.

    Example:
        >>> _label("How would you describe your accent in English? (e.g. Italian)"), _label("Year of birth")
        ('accent', 'year_of_birth')
    """
    if re.search(r"\byour accent\b|^accent$", column, re.IGNORECASE):
        return "accent"
    words = re.findall(r"[a-z0-9]+", re.sub(r"\(.*", "", column).lower())
    return "_".join(words)[:40].rstrip("_")
