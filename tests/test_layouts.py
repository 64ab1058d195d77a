"""Published corpora at small scale, laid out as their documentation says, with what is odd about the real ones."""

from pathlib import Path

import pytest

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from augment.notes import texts
from test_readers import assert_same, heard, lay, read, rows, sound

VOTES = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender"
NEW = "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant"
COMMON_VOICE = {
    "en/validated.tsv": f"\ufeff{NEW}\tlocale\tsegment\r\n"
    'ann\tcv_1.mp3\tf00\tHe said "no\tgeneral\t2\t0\ttwenties\tfemale_feminine\tScottish English,slow|soft\t\ten\t\r\n'
    'bob\tcv_2.mp3\tf01\t"Ah!"\t\t3\t1\t\t\t\t\ten\tBenchmark\r\n',
    "en/clips/cv_1.mp3": sound(1),
    "en/clip_durations.tsv": "filename\tduration[ms]\ncv_1.mp3\t500\n",
    "old/test.tsv": f"{VOTES}\taccent\nann\tabc123\tYes.\t2\t0\tfifties\tmale\tscotland\n",
    "old/clips/abc123.mp3": sound(2),
}
VCTK_INFO = """ID  AGE  GENDER  ACCENTS  REGION COMMENTS
p225  23  F    English    Southern  England
p248  23  F    Indian
p280  25  F    Unknown    France (mic2 files unavailable)
p315  18  M    American   New  England (Text and mic2 files unavailable)
s5  24  M    British  Oxford

"""
VCTK_OLD = "\r\n".join(line.removeprefix("p") for line in VCTK_INFO.splitlines() if not line.startswith("p280"))
VCTK_TEXTS = {f"txt/{s}/{s}_001.txt": "Please  call\r\nStella.\r\n" for s in ("p225", "p248", "p280", "p362", "s5")}
VCTK = {
    "new/speaker-info.txt": VCTK_INFO,
    **{f"{root}/{name}": text for root in ("new", "old") for name, text in VCTK_TEXTS.items()},
    "new/wav48_silence_trimmed/log.txt": "a log\n",
    "new/wav48_silence_trimmed/p225/p225_001_mic1.flac": sound(1),
    "new/wav48_silence_trimmed/p225/p225_001_mic2.flac": sound(9),
    "new/wav48_silence_trimmed/p225/._p225_001_mic1.flac": b"\x00\x05\x16\x07",
    "new/wav48_silence_trimmed/p248/p248_001_mic2.flac": sound(2),
    "new/wav48_silence_trimmed/p280/p280_001_mic1.flac": sound(3),
    "new/wav48_silence_trimmed/p315/p315_001_mic1.flac": sound(4),
    "new/wav48_silence_trimmed/p362/log.txt": "a log\n",
    "new/wav48_silence_trimmed/s5/s5_001_mic1.flac": sound(5),
    "old/speaker-info.txt": VCTK_OLD,
    "old/wav48/p225/p225_001.wav": sound(1),
    "old/wav48/p280/p280_001.wav": sound(3),
    "old/wav48/p280/p280_295.raw": b"\x00\x00",
}
L2_ARCTIC = {
    "ABA/wav/arctic_a0001.wav": sound(1),
    "ABA/transcript/arctic_a0001.txt": "\ufeffAuthor of the danger trail.\r\n",
    "ABA/transcript/arctic_a0002.txt": "Not at this particular case.",
    "ABA/transcript/._arctic_a0002.txt": b"\x00\x05\x16\x07",
    "ABA/annotation/arctic_a0001.TextGrid": "File type",
    "BWC/BWC/wav/arctic_a0001.wav": sound(2),
    "BWC/BWC/transcript/arctic_a0001.txt": "Author of the danger trail.",
    "NEW/wav/arctic_b0001.wav": sound(3),
    "suitcase_corpus/wav/aba.wav": sound(4),
    "suitcase_corpus/suitcase_corpus/wav/bwc.wav": sound(4),
}
CHAPTER = "LibriSpeech/dev-clean/84/121123/84-121123"
LIBRISPEECH = {
    "LibriSpeech/SPEAKERS.TXT": """; some comment
;ID  |SEX| SUBSET           |MINUTES| NAME
60   | M | train-clean-100  | 20.18 | Kay | Someone
84   | F | dev-clean        |  8.02 | Christie Nowak
""",
    f"{CHAPTER}.trans.txt": "84-121123-0000 GO DO YOU HEAR\r\n84-121123-0001 BUT\r\n\r\n",
    f"{CHAPTER}-0000.flac": sound(1),
    "LibriSpeech/dev-clean/84/121123/._84-121123.trans.txt": b"\x00\x05\x16\x07\xb0",
    "LibriSpeech/test-other/367/130732/367-130732.trans.txt": "367-130732-0000 LOBSTERS\n",
}
LIBRISPEECH_ALONE = {
    "dev-clean/84/121123/84-121123.trans.txt": "84-121123-0000 GO DO YOU HEAR\n",
    "dev-clean/84/121123/84-121123-0000.flac": sound(2),
}
ARCHIVE_TABLE = """\ufeffage,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?,,,
24,12,"koussi, senegal",balanta1,balanta,male,788,senegal,TRUE,,,
27,9,"pretoria, south africa",afrikaans1,afrikaans,famale,1,south africa,FALSE,,,
40,0,,english2,english,female,,usa,FALSE
"""
ARCHIVE = {
    "speakers_all.csv": ARCHIVE_TABLE,
    "reading-passage.txt": "Please call Stella.  Ask her\nto bring these things.\n",
    "recordings/recordings/afrikaans1.mp3": sound(1),
}
ARCHIVE_FLAT = {"flat/speakers_all.csv": ARCHIVE_TABLE.replace("\n", "\r\n"), "flat/recordings/english2.mp3": sound(2)}
QUESTIONS = (
    "Timestamp,PARTICIPANT_ID,What is your gender?,What’s your ethnic background? ,"
    '"How would you describe your accent in English? (e.g. Italian, Glaswegian)",What’s your year of birth?'
)
ANSWERS = f'{QUESTIONS}\r\n1,EDACC-C01-A,Female,,"Italian, a\nbit",1990\r\n2,EDACC-C09-A,Male\r\n'
EDACC = {
    "linguistic_background.csv": ANSWERS,
    "data/EDACC-C01.wav": sound(1, 2.0),
    "dev/conv.list": "EDACC-C01\n",
    "dev/segments": "EDACC-C01-01 EDACC-C01 0.50 1.25\r\nEDACC-C01-02 EDACC-C01 1.25 2.00\r\n",
    "dev/text": "\ufeffEDACC-C01-01 YEAH <overlap>\n",
    "dev/utt2spk": "EDACC-C01-01 EDACC-C01-A\nEDACC-C01-02 EDACC-C01-B\n",
    "dev/stm": ";; a comment\nEDACC-C01 1 EDACC-C01-A 0.50 1.25 <female,l2> YEAH\n"
    "EDACC-C01 1 EDACC-C01-B 1.25 2.00 <male,l1> IGNORE_TIME_SEGMENT_IN_SCORING\n",
    "test/segments": "EDACC-C23_P1-01 EDACC-C23_P1 0 1.5\n",
    "test/text": "EDACC-C23_P1-01 NO\n",
    "test/utt2spk": "EDACC-C23_P1-01 EDACC-C23-A\n",
}

ANN = {"speaker": "ann", "up_votes": "2", "down_votes": "0"}
AFRIKAANS = {
    "text": "Please call Stella. Ask her to bring these things.", "speaker": "1", "accent": "afrikaans",
    "native_language": "afrikaans", "gender": "famale", "age": "27", "age_onset": "9",
    "birthplace": "pretoria, south africa", "country": "south africa",
}  # fmt: skip
ENGLISH2 = {
    "accent": "english", "native_language": "english", "gender": "female", "age": "40", "age_onset": "0",
    "country": "usa",
}  # fmt: skip


def vctk(name, speaker, **labels):
    told = {"audio_filepath": f"wav48{name}", "text": "Please call Stella.", "speaker": speaker, **labels}
    return {key: value for key, value in told.items() if value}


def libri(folder, identity, text, **labels):
    speaker, chapter, _ = identity.split("-")
    path = f"{folder}/{speaker}/{chapter}/{identity}.flac".removeprefix("/")
    return {identity: {"audio_filepath": path, "text": text, "speaker": speaker, "chapter": chapter, **labels}}


def libri_all(folder):
    dev = {"subset": "dev-clean", "gender": "F"}
    return {
        **libri(f"{folder}dev-clean", "84-121123-0000", "GO DO YOU HEAR", **dev),
        **libri(f"{folder}dev-clean", "84-121123-0001", "BUT", **dev),
        **libri(f"{folder}test-other", "367-130732-0000", "LOBSTERS", subset="test-other"),
    }


def archive(folder, **speakers):
    return {name: {"audio_filepath": f"{folder}/{name}.mp3", **labels} for name, labels in speakers.items()}


CV_ROWS = {
    "cv_1": {
        "audio_filepath": "clips/cv_1.mp3", "duration": 0.5, "text": 'He said "no', "locale": "en", "age": "twenties",
        "accent": "Scottish English,slow|soft", "gender": "female_feminine", "sentence_domain": "general", **ANN,
    },
    "cv_2": {
        "audio_filepath": "clips/cv_2.mp3", "text": '"Ah!"', "speaker": "bob", "locale": "en", "up_votes": "3",
        "down_votes": "1", "segment": "Benchmark",
    },
}  # fmt: skip
OLD_CV_ROWS = {
    "abc123": {
        "audio_filepath": "clips/abc123.mp3", "text": "Yes.", "age": "fifties", "gender": "male",
        "accent": "scotland", **ANN,
    }
}  # fmt: skip
TRIMMED = "_silence_trimmed"
VCTK_ROWS = {
    "p225_001": vctk(
        f"{TRIMMED}/p225/p225_001_mic1.flac", "p225", microphone="mic1", age="23", gender="F", accent="English",
        region="Southern England",
    ),
    "p248_001": vctk(
        f"{TRIMMED}/p248/p248_001_mic2.flac", "p248", microphone="mic2", age="23", gender="F", accent="Indian"
    ),
    "p280_001": vctk(
        f"{TRIMMED}/p280/p280_001_mic1.flac", "p280", microphone="mic1", age="25", gender="F", region="France",
    ),
    "p315_001": vctk(
        f"{TRIMMED}/p315/p315_001_mic1.flac", "p315", microphone="mic1", age="18", gender="M", accent="American",
        region="New England", text="",
    ),
    "s5_001": vctk(
        f"{TRIMMED}/s5/s5_001_mic1.flac", "s5", microphone="mic1", age="24", gender="M", accent="British",
        region="Oxford",
    ),
}  # fmt: skip
OLD_VCTK_ROWS = {
    "p225_001": vctk(
        "/p225/p225_001.wav", "p225", age="23", gender="F", accent="English", region="Southern England"
    ),
    "p280_001": vctk("/p280/p280_001.wav", "p280"),
}  # fmt: skip
ARABIC = {"speaker": "ABA", "accent": "Arabic", "l1": "Arabic", "gender": "M"}
L2_ROWS = {
    "ABA_arctic_a0001": {
        "audio_filepath": "ABA/wav/arctic_a0001.wav", "text": "Author of the danger trail.", **ARABIC
    },
    "ABA_arctic_a0002": {
        "audio_filepath": "ABA/wav/arctic_a0002.wav", "text": "Not at this particular case.", **ARABIC
    },
    "BWC_arctic_a0001": {
        "audio_filepath": "BWC/BWC/wav/arctic_a0001.wav", "text": "Author of the danger trail.", "speaker": "BWC",
        "accent": "Chinese", "l1": "Chinese", "gender": "M",
    },
    "NEW_arctic_b0001": {"audio_filepath": "NEW/wav/arctic_b0001.wav", "speaker": "NEW"},
}  # fmt: skip
EDACC_ROWS = {
    "EDACC-C01-01": {
        "audio_filepath": "data/EDACC-C01.wav", "offset": 0.5, "duration": 0.75, "text": "YEAH <overlap>",
        "speaker": "EDACC-C01-A", "accent": "Italian, a\nbit", "year_of_birth": "1990", "timestamp": "1",
        "gender": "Female", "english": "l2", "subset": "dev",
    },
    "EDACC-C01-02": {
        "audio_filepath": "data/EDACC-C01.wav", "offset": 1.25, "duration": 0.75, "speaker": "EDACC-C01-B",
        "gender": "male", "english": "l1", "subset": "dev",
    },
    "EDACC-C23_P1-01": {
        "audio_filepath": "data/EDACC-C23_P1.wav", "offset": 0.0, "duration": 1.5, "text": "NO",
        "speaker": "EDACC-C23-A", "subset": "test",
    },
}  # fmt: skip

VCTK_NOTES = [
    "1 recordings of the second microphone are not used", "1 recordings have no text file",
    "1 texts have no recording: they are not used",
]  # fmt: skip
L2_NOTES = ["suitcase_corpus, spontaneous speech in another layout, is not used", "are not known: NEW"]
FOUND_WITHOUT_TABLE = ("audio_filepath", "offset", "duration", "text", "speaker", "english", "subset")
CASES = {
    "a folder of Common Voice": ("common_voice", COMMON_VOICE, "en", CV_ROWS, [], ("cv_1", 1)),
    "a table of Common Voice": ("common_voice", COMMON_VOICE, "en/validated.tsv", CV_ROWS, [], ("cv_1", 1)),
    "an old table of Common Voice": ("common_voice", COMMON_VOICE, "old/test.tsv", OLD_CV_ROWS, [], ("abc123", 2)),
    "VCTK 0.92": ("vctk", VCTK, "new", VCTK_ROWS, VCTK_NOTES, ("p225_001", 1)),
    "VCTK 0.80": ("vctk", VCTK, "old", OLD_VCTK_ROWS, ["speaker-info.txt does not describe p280"], ("p280_001", 3)),
    "L2-ARCTIC": ("l2_arctic", L2_ARCTIC, "", L2_ROWS, L2_NOTES, ("BWC_arctic_a0001", 2)),
    "above LibriSpeech": ("librispeech", LIBRISPEECH, "", libri_all("LibriSpeech/"), [], ("84-121123-0000", 1)),
    "LibriSpeech": ("librispeech", LIBRISPEECH, "LibriSpeech", libri_all(""), [], ("84-121123-0000", 1)),
    "a subset of LibriSpeech": (
        "librispeech", LIBRISPEECH, "LibriSpeech/test-other",
        libri("", "367-130732-0000", "LOBSTERS", subset="test-other"), [], None,
    ),
    "LibriSpeech without speakers": (
        "librispeech", LIBRISPEECH_ALONE, "",
        libri("dev-clean", "84-121123-0000", "GO DO YOU HEAR", subset="dev-clean"),
        ["there is no SPEAKERS.TXT: genders are not known"], ("84-121123-0000", 2),
    ),
    "the Speech Accent Archive": (
        "speech_accent_archive", ARCHIVE, "",
        archive("recordings/recordings", afrikaans1=AFRIKAANS, english2={**ENGLISH2, "text": AFRIKAANS["text"]}),
        ["1 speakers of the table have no recording"], ("afrikaans1", 1),
    ),
    "the Speech Accent Archive without its text": (
        "speech_accent_archive", ARCHIVE_FLAT, "flat",
        archive("recordings", afrikaans1={**AFRIKAANS, "text": ""}, english2=ENGLISH2),
        ["there is no reading-passage.txt: rows have no text"], ("english2", 2),
    ),
    "EdAcc": (
        "edacc", EDACC, "", EDACC_ROWS, ["linguistic_background.csv does not describe EDACC-C01-B, EDACC-C23-A"], None
    ),
    "EdAcc without its table": (
        "edacc", {name: text for name, text in EDACC.items() if not name.startswith("linguistic")}, "",
        {
            "EDACC-C01-01": {
                **{name: EDACC_ROWS["EDACC-C01-01"][name] for name in FOUND_WITHOUT_TABLE}, "gender": "female"
            },
            "EDACC-C01-02": EDACC_ROWS["EDACC-C01-02"], "EDACC-C23_P1-01": EDACC_ROWS["EDACC-C23_P1-01"],
        },
        ["there is no linguistic_background.csv: accents are not known"], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_rows(tmp_path, case):
    layout, files, path, expected, notes, audio = CASES[case]
    lay(tmp_path, **files)
    corpus = read(tmp_path / path, layout)
    found = rows(corpus)
    assert found == {name: {key: v for key, v in row.items() if v != ""} for name, row in expected.items()}
    assert list(found) == list(expected)
    told = "\n".join(texts(corpus.notes))
    assert [note for note in notes if note not in told] == []
    if audio:
        assert_same(heard(corpus, audio[0]), sound(audio[1]))


def test_a_segment_of_edacc_is_heard(tmp_path):
    lay(tmp_path, **EDACC)
    assert_same(heard(read(tmp_path, "edacc"), "EDACC-C01-01"), sound(1, 2.0)[8000:20000])


def test_a_subset_may_be_where_one_is(tmp_path, monkeypatch):
    lay(tmp_path, **LIBRISPEECH)
    monkeypatch.chdir(tmp_path / "LibriSpeech" / "dev-clean")
    corpus = read_corpus(CorpusSpec(path=".", layout="librispeech"), Path())
    assert set(corpus.frame["label:subset"]) == {"dev-clean"}
    assert set(corpus.frame["label:gender"]) == {"F"}


def test_many_rows_of_common_voice(tmp_path):
    lines = [f"s{n % 900}\tcv_{n}.mp3\tSentence {n}.\t2\t0\t\t" for n in range(20_000)]
    lay(tmp_path, **{"validated.tsv": "\n".join([VOTES, *lines]) + "\n"})
    corpus = read(tmp_path, "common_voice")
    assert corpus.frame.height == 20_000
    assert corpus.frame["speaker"].n_unique() == 900


LATIN = "caf\u00e9\n".encode("latin-1")
FAULTS = [
    ("common_voice", COMMON_VOICE, "old", {}, r"no validated\.tsv in this folder.*test\.tsv"),
    ("common_voice", COMMON_VOICE, "", {}, r"name one of its tables: en/validated\.tsv"),
    ("common_voice", COMMON_VOICE, "en/clip_durations.tsv", {}, r"clip_durations\.tsv:1: this is no table of clips"),
    (
        "common_voice", COMMON_VOICE, "en", {"en/validated.tsv": f"{VOTES}\nann\t\tYes.\t2\t0\t\t\nbob\tx\tshort\n"},
        r"validated\.tsv:2: the row names no clip(.|\n)*validated\.tsv:3: found 3 columns",
    ),
    ("common_voice", COMMON_VOICE, "en", {"en/validated.tsv": LATIN}, r"validated\.tsv:1: the file is not UTF-8"),
    ("vctk", VCTK, "new/txt", {}, "has none of the folders wav48_silence_trimmed and wav48"),
    ("vctk", VCTK, "new/speaker-info.txt", {}, "has none of the folders"),
    (
        "vctk", VCTK, "new", {"new/speaker-info.txt": "p225 F English\np226 x M English\n"},
        r"speaker-info\.txt:1: expected id, age(.|\n)*speaker-info\.txt:2: expected id, age",
    ),
    ("vctk", VCTK, "new", {"new/speaker-info.txt": LATIN}, r"speaker-info\.txt:1: the file is not UTF-8"),
    ("vctk", VCTK, "new", {"new/txt/p225/p225_001.txt": b""}, r"p225_001\.txt: the file is empty"),
    ("l2_arctic", L2_ARCTIC, "suitcase_corpus", {}, "has no recordings SPEAKER/wav"),
    ("l2_arctic", L2_ARCTIC, "ABA/transcript/arctic_a0001.txt", {}, "has no recordings SPEAKER/wav"),
    ("l2_arctic", L2_ARCTIC, "", {"ABA/transcript/arctic_a0001.txt": LATIN}, "a0001.txt:1: the file is not UTF-8"),
    ("librispeech", LIBRISPEECH, "LibriSpeech/SPEAKERS.TXT", {}, "has no transcripts"),
    (
        "librispeech", LIBRISPEECH, "LibriSpeech", {f"{CHAPTER}.trans.txt": "85-1-0000 WRONG\n"},
        r"84-121123\.trans\.txt:1: expected an id that begins with '84-121123-'",
    ),
    ("librispeech", LIBRISPEECH, "", {f"{CHAPTER}.trans.txt": LATIN}, r"trans\.txt:1: the file is not UTF-8"),
    (
        "librispeech", LIBRISPEECH, "", {"LibriSpeech/SPEAKERS.TXT": ";\n84 | X\n85 | X | a | 1 | N\n"},
        r"SPEAKERS\.TXT:2: expected ID(.|\n)*SPEAKERS\.TXT:3: expected ID",
    ),
    ("speech_accent_archive", ARCHIVE, "speakers_all.csv", {}, "this is a file"),
    ("speech_accent_archive", ARCHIVE, "recordings", {}, r"speakers_all\.csv: there is no such file"),
    ("speech_accent_archive", ARCHIVE, "", {"speakers_all.csv": "a,b\n1,2\n"}, r"\.csv:1: expected columns filename"),
    ("speech_accent_archive", ARCHIVE, "", {"speakers_all.csv": LATIN}, r"\.csv:1: the file is not UTF-8"),
    (
        "speech_accent_archive", ARCHIVE, "",
        {"speakers_all.csv": f"{ARCHIVE_TABLE}1,2,c\n1,2,a, b,x,y,male,3,usa,FALSE,,,\n1,2,c,,y,male,3,usa,FALSE,,,\n"},
        r"\.csv:5: expected a cell(.|\n)*\.csv:6: expected a cell(.|\n)*\.csv:7: the row has no filename",
    ),
    (
        "speech_accent_archive", ARCHIVE, "", {"speakers_all.csv": f'{ARCHIVE_TABLE}1,2,"c" d,x,y,male,3,usa,FALSE\n'},
        r"\.csv:5: cannot be read as a table",
    ),
    ("edacc", EDACC, "dev", {}, r"has neither dev/segments.*name the folder that holds dev and test"),
    (
        "edacc", EDACC, "", {"dev/segments": "EDACC-C01-01 EDACC-C01 one\nEDACC-C01-02 EDACC-C01 2 1\n"},
        r"segments:1: expected an id, a recording, a start",
    ),
    ("edacc", EDACC, "", {"dev/segments": "EDACC-C01-02 EDACC-C01 2 1\n"}, r"segments:1: duration: expected seconds"),
    ("edacc", EDACC, "", {"dev/text": "EDACC-C01-01 A\nEDACC-C01-01 B\n"}, r"text:2: 'EDACC-C01-01' appears .* twice"),
    ("edacc", EDACC, "", {"dev/utt2spk": LATIN}, r"utt2spk:1: the file is not UTF-8"),
    ("edacc", EDACC, "", {"dev/utt2spk": None}, r"utt2spk: there is no such file"),
    ("edacc", EDACC, "", {"dev/stm": "EDACC-C01 1\n"}, r"stm:1: expected a recording, a channel"),
    ("edacc", EDACC, "", {"linguistic_background.csv": "A,B\n1,2\n"}, "expected a column PARTICIPANT_ID"),
    ("edacc", EDACC, "", {"linguistic_background.csv": f"{QUESTIONS}\n1\n"}, r"\.csv:2: expected a PARTICIPANT_ID"),
    ("edacc", EDACC, "", {"linguistic_background.csv": f'{QUESTIONS}\n1,"a" b\n'}, r"\.csv:2: cannot be read as a"),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "files", "path", "changed", "words"), FAULTS)
def test_faults(tmp_path, layout, files, path, changed, words):
    lay(tmp_path, **{name: content for name, content in {**files, **changed}.items() if content is not None})
    with pytest.raises(CorpusError, match=words):
        read(tmp_path / path, layout)


@pytest.mark.parametrize("layout", sorted({case[0] for case in CASES.values()}))
def test_empty_folders(tmp_path, layout):
    with pytest.raises(CorpusError, match=r"there is no|has no|has neither"):
        read(tmp_path, layout)


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if not case[2].endswith((".tsv", "test-other"))])
def test_a_folder_is_recognised_by_its_files(tmp_path, case):
    layout, files, path, *_ = CASES[case]
    lay(tmp_path, **files)
    with pytest.raises(CorpusError, match=f"it looks like {layout}: "):
        read_corpus(CorpusSpec(path=path or "."), tmp_path)
