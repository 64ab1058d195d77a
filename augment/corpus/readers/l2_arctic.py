"""L2-ARCTIC: ``ABA/wav/arctic_a0001.wav`` with ``ABA/transcript/arctic_a0001.txt``.

First languages and genders of its 24 speakers are given in the corpus's README only, and are copied here in its words.
The folder ``suitcase_corpus``, spontaneous speech, has another layout and is passed over. The corpus is an archive of
archives: ``ABA/ABA/wav``, as some tools unpack it, is read as well.

Reference: the corpus's README.md, release 5.0: directory structure; file summary and speaker information.
"""

from collections.abc import Iterator
from pathlib import Path

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("*/transcript/arctic_*.txt", "*/*/transcript/arctic_*.txt")
OTHER = "suitcase_corpus"
SPEAKERS = {
    "Arabic": {"ABA": "M", "SKA": "F", "YBAA": "M", "ZHAA": "F"},
    "Chinese": {"BWC": "M", "LXC": "F", "NCC": "F", "TXHC": "M"},
    "Hindi": {"ASI": "M", "RRBI": "M", "SVBI": "F", "TNI": "F"},
    "Korean": {"HJK": "F", "HKK": "M", "YDCK": "F", "YKWK": "M"},
    "Spanish": {"EBVS": "M", "ERMS": "M", "MBMPS": "F", "NJS": "F"},
    "Vietnamese": {"HQTV": "M", "PNV": "F", "THV": "F", "TLV": "M"},
}


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of speakers and sentences, one for every sentence that has a recording or a transcript."""
    folders = {path.parent for depth in ("*", "*/*") for path in source.folder.glob(f"{depth}/wav") if path.is_dir()}
    own = sorted(path for path in folders if OTHER not in path.parts[len(source.folder.parts) :])
    if not own or not source.path.is_dir():
        raise CorpusError(Fault(str(source.path), "has no recordings SPEAKER/wav/*.wav"))
    unknown = []
    for folder in own:
        labels = speaker_labels(folder.name)
        unknown += [] if labels else [folder.name]
        yield from _speaker(source, folder, labels)
    if len(own) < len(folders):
        source.tell(f"{OTHER}, spontaneous speech in another layout, is not used")
    if unknown:
        source.tell("first languages of these speakers are not known:", unknown)


def _speaker(source: Source, folder: Path, labels: Row) -> Iterator[tuple[str, Row]]:
    base = folder.relative_to(source.folder).as_posix()
    texts = {path.stem for path in (folder / "transcript").glob("[!.]*.txt")}
    heard = [path for path in (folder / "wav").glob("[!.]*") if path.suffix.lower() == ".wav"]
    unheard = texts - {path.stem for path in heard}
    files = [*((path.stem, path.name) for path in heard), *((stem, f"{stem}.wav") for stem in unheard)]
    for stem, file in sorted(files):
        text = source.words(f"{base}/transcript/{stem}.txt") if stem in texts else ""
        name = f"{base}/wav/{file}"
        told = {"id": f"{folder.name}_{stem}", "audio_filepath": name, "text": text}
        yield name, {**told, "speaker": folder.name, **labels}


def speaker_labels(speaker: str) -> Row:
    """First language, which is also the accent, and gender; empty for a speaker who is not in the README.

    Example:
        >>> speaker_labels("BWC"), speaker_labels("XYZ")
        ({'accent': 'Chinese', 'l1': 'Chinese', 'gender': 'M'}, {})
    """
    known = (language for language, speakers in SPEAKERS.items() if speaker in speakers)
    language = next(known, None)
    return {"accent": language, "l1": language, "gender": SPEAKERS[language][speaker]} if language else {}
