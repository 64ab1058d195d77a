"""L2-ARCTIC: ``ABA/wav/arctic_a0001.wav`` with ``ABA/transcript/arctic_a0001.txt``.

First languages and genders of its 24 speakers stand in the corpus's README only, and so here. The folder
``suitcase_corpus``, spontaneous speech, has another layout and is passed over.

Reference: the corpus's README, release 5.
"""

from collections.abc import Iterator

from augment.corpus.source import Row, Source
from augment.errors import CorpusError, Fault

SUFFIXES = ()
FOLDER = True
SIGNS = ("*/transcript/arctic_*.txt",)
OTHER = "suitcase_corpus"
SPEAKERS = {
    "Arabic": {"ABA": "M", "SKA": "F", "YBAA": "M", "ZHAA": "F"},
    "Mandarin": {"BWC": "M", "LXC": "F", "NCC": "F", "TXHC": "M"},
    "Hindi": {"ASI": "M", "RRBI": "M", "SVBI": "F", "TNI": "F"},
    "Korean": {"HJK": "F", "HKK": "M", "YDCK": "F", "YKWK": "M"},
    "Spanish": {"EBVS": "M", "ERMS": "M", "MBMPS": "F", "NJS": "F"},
    "Vietnamese": {"HQTV": "M", "PNV": "F", "THV": "F", "TLV": "M"},
}


def rows(source: Source) -> Iterator[tuple[str, Row | Fault]]:
    """Rows in the order of speakers and sentences."""
    known = {
        speaker: {"accent": language, "l1": language, "gender": gender}
        for language, own in SPEAKERS.items()
        for speaker, gender in own.items()
    }
    unknown: set[str] = set()
    found = False
    for path in sorted(source.folder.glob("*/wav/*.wav")):
        speaker = path.parts[-3]
        if speaker == OTHER:
            continue
        found = True
        if speaker not in known:
            unknown.add(speaker)
        text = f"{speaker}/transcript/{path.stem}.txt"
        there = (source.folder / text).is_file()
        name = path.relative_to(source.folder).as_posix()
        yield (
            name,
            {
                "id": f"{speaker}_{path.stem}",
                "audio_filepath": name,
                "text": " ".join("".join(source.lines(text)).split()) if there else "",
                "speaker": speaker,
                **known.get(speaker, {}),
            },
        )
    if not found:
        raise CorpusError(Fault(str(source.path), "has no recordings SPEAKER/wav/*.wav"))
    if source.has(OTHER):
        source.notes.append(f"{OTHER}, spontaneous speech in another layout, is not used")
    if unknown:
        source.notes.append(f"first languages of these speakers are not known: {', '.join(sorted(unknown))}")
