"""Published corpora at small scale, laid out as their documentation says, with what is odd about the real ones."""

import pytest

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.errors import CorpusError
from test_readers import heard, lay, read, rows, same, sound

VOTES = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender"


def test_common_voice(tmp_path):
    new = f"\ufeff{VOTES}\taccents\tvariant\tlocale\tsegment\r\n"
    new += 'ann\tcommon_voice_en_1.mp3\tHe said "no\t2\t0\ttwenties\tfemale_feminine\tScottish English,slow\t\ten\t\r\n'
    new += "bob\tcommon_voice_en_2.mp3\tAh!\t3\t1\t\t\t\t\ten\tBenchmark\r\n"
    lay(tmp_path / "en", **{"validated.tsv": new, "clips/common_voice_en_1.mp3": sound(1)})
    corpus = read(tmp_path / "en", "common_voice")
    votes = {"up_votes": "2", "down_votes": "0"}
    assert rows(corpus) == {
        "common_voice_en_1": {
            "audio_filepath": "clips/common_voice_en_1.mp3", "text": 'He said "no', "speaker": "ann", "locale": "en",
            "accent": "Scottish English,slow", "age": "twenties", "gender": "female_feminine", **votes,
        },
        "common_voice_en_2": {
            "audio_filepath": "clips/common_voice_en_2.mp3", "text": "Ah!", "speaker": "bob", "locale": "en",
            "up_votes": "3", "down_votes": "1",
        },
    }  # fmt: skip
    same(heard(corpus, "common_voice_en_1"), sound(1))
    old = f"{VOTES}\taccent\nann\tabc123\tYes.\t2\t0\tfifties\tmale\tscotland\n"
    lay(tmp_path / "old", **{"test.tsv": old})
    found = rows(read(tmp_path / "old" / "test.tsv", "common_voice"))
    assert found["abc123"]["audio_filepath"] == "clips/abc123.mp3"
    assert found["abc123"]["accent"] == "scotland"
    with pytest.raises(CorpusError, match=r"no validated\.tsv in this folder"):
        read(tmp_path / "old", "common_voice")
    lay(tmp_path / "en", **{"validated.tsv": f"{VOTES}\nann\t\tYes.\t2\t0\t\t\nbob\tx.mp3\tshort\n"})
    with pytest.raises(CorpusError, match=r"validated\.tsv:2: the row has no 'path'(.|\n)*found 3 columns"):
        read(tmp_path / "en", "common_voice")


def test_many_rows_of_common_voice(tmp_path):
    lines = [f"s{n % 900}\tcv_{n}.mp3\tSentence {n}.\t2\t0\t\t" for n in range(20_000)]
    lay(tmp_path / "en", **{"validated.tsv": "\n".join([VOTES, *lines]) + "\n"})
    corpus = read(tmp_path / "en", "common_voice")
    assert corpus.frame.height == 20_000
    assert corpus.frame["speaker"].n_unique() == 900


INFO = """ID  AGE  GENDER  ACCENTS  REGION COMMENTS
p225  23  F    English    Southern  England
p280  25  F    French    (mic2 files unavailable)
p315  18  M    American   New England (no text)
p347  26  M    South African   Johannesburg
s5  24  M   British  Oxford
"""


@pytest.mark.parametrize("release", ["0.92", "0.80"])
def test_vctk(tmp_path, release):
    new = release == "0.92"
    folder, end = ("wav48_silence_trimmed", "_mic1.flac") if new else ("wav48", ".wav")
    files = {f"{folder}/{s}/{s}_001{end}": sound(n) for n, s in enumerate(("p225", "p280", "p315", "p347"))}
    if new:
        files |= {f"{folder}/p225/p225_001_mic2.flac": sound(9), f"{folder}/log.txt": "a log\n"}
    texts = {f"txt/{s}/{s}_001.txt": "Please  call\nStella.\n" for s in ("p225", "p280", "p347")}
    lay(tmp_path / "v", **files, **texts, **{"speaker-info.txt": INFO if new else INFO.replace("\np", "\n")})
    corpus = read(tmp_path / "v", "vctk")
    found = rows(corpus)
    assert list(found) == ["p225_001", "p280_001", "p315_001", "p347_001"]
    assert found["p225_001"] == {
        "audio_filepath": f"{folder}/p225/p225_001{end}", "text": "Please call Stella.", "speaker": "p225", "age": "23",
        "gender": "F", "accent": "English", "region": "Southern England",
    }  # fmt: skip
    assert "region" not in found["p280_001"]
    assert "text" not in found["p315_001"]
    assert (found["p315_001"]["accent"], found["p315_001"]["region"]) == ("American", "New England")
    assert (found["p347_001"]["accent"], found["p347_001"]["region"]) == ("South African", "Johannesburg")
    same(heard(corpus, "p225_001"), sound(0))
    notes = "\n".join(corpus.notes)
    assert ("1 recordings of the second microphone are not used" in notes) == new
    assert "1 recordings have no text file" in notes
    lay(tmp_path / "v", **{"speaker-info.txt": "p225 F English\n"})
    with pytest.raises(CorpusError, match=r"speaker-info\.txt:1: expected id, age"):
        read(tmp_path / "v", "vctk")


def test_l2_arctic(tmp_path):
    lay(
        tmp_path / "l",
        **{
            "ABA/wav/arctic_a0001.wav": sound(1), "ABA/transcript/arctic_a0001.txt": "Author of the danger trail.",
            "TLV/wav/arctic_a0001.wav": sound(2), "TLV/transcript/arctic_a0001.txt": "Author of the danger trail.",
            "NEW/wav/arctic_b0001.wav": sound(3), "suitcase_corpus/wav/aba.wav": sound(4),
        },
    )  # fmt: skip
    corpus = read(tmp_path / "l", "l2_arctic")
    found = rows(corpus)
    assert found["ABA_arctic_a0001"] == {
        "audio_filepath": "ABA/wav/arctic_a0001.wav", "text": "Author of the danger trail.", "speaker": "ABA",
        "accent": "Arabic", "l1": "Arabic", "gender": "M",
    }  # fmt: skip
    assert found["TLV_arctic_a0001"]["l1"] == "Vietnamese"
    assert found["NEW_arctic_b0001"] == {"audio_filepath": "NEW/wav/arctic_b0001.wav", "speaker": "NEW"}
    same(heard(corpus, "TLV_arctic_a0001"), sound(2))
    notes = "\n".join(corpus.notes)
    assert "suitcase_corpus, spontaneous speech in another layout, is not used" in notes
    assert "not known: NEW" in notes


SPEAKERS = """; ID |SEX| SUBSET |MINUTES| NAME
14   | F | train-clean-360  | 25.03 | Kristin LeMoine
84   | F | dev-clean        |  8.02 | Christie Nowak
60   | M | train-clean-100  | 20.18 | Kay | Someone
"""


@pytest.mark.parametrize("root", ["", "LibriSpeech", "LibriSpeech/dev-clean"])
def test_librispeech(tmp_path, root):
    chapter = "LibriSpeech/dev-clean/84/121123"
    transcripts = "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT\n"
    lay(
        tmp_path,
        **{
            "LibriSpeech/SPEAKERS.TXT": SPEAKERS, f"{chapter}/84-121123.trans.txt": transcripts,
            f"{chapter}/84-121123-0000.flac": sound(1), f"{chapter}/84-121123-0001.flac": sound(2),
        },
    )  # fmt: skip
    corpus = read(tmp_path / root, "librispeech")
    found = rows(corpus)
    assert list(found) == ["84-121123-0000", "84-121123-0001"]
    assert found["84-121123-0000"].pop("audio_filepath").endswith("84/121123/84-121123-0000.flac")
    assert found["84-121123-0000"] == {
        "text": "GO DO YOU HEAR", "speaker": "84", "subset": "dev-clean", "chapter": "121123", "gender": "F"
    }  # fmt: skip
    same(heard(corpus, "84-121123-0001"), sound(2))
    lay(tmp_path, **{f"{chapter}/84-121123.trans.txt": "85-1-0000 WRONG\n"})
    with pytest.raises(CorpusError, match=r"84-121123\.trans\.txt:1: expected an id that begins with '84-121123-'"):
        read(tmp_path / root, "librispeech")
    lay(tmp_path, **{f"{chapter}/84-121123.trans.txt": transcripts, "LibriSpeech/SPEAKERS.TXT": "84 | X\n"})
    with pytest.raises(CorpusError, match=r"SPEAKERS\.TXT:1: expected ID"):
        read(tmp_path / root, "librispeech")


ARCHIVE = """age,age_onset,birthplace,filename,native_language,sex,speakerid,country,file_missing?,,,
24,12,"koussi, senegal",balanta1,balanta,male,788,senegal,TRUE,,,
27,9,"pretoria, south africa",afrikaans1,afrikaans,famale,1,south africa,FALSE,,,
"""


@pytest.mark.parametrize("folder", ["recordings", "recordings/recordings"])
def test_speech_accent_archive(tmp_path, folder):
    passage = "Please call Stella.  Ask her\nto bring these things.\n"
    files = {"speakers_all.csv": ARCHIVE, "reading-passage.txt": passage, f"{folder}/afrikaans1.mp3": sound(1)}
    lay(tmp_path / "s", **files)
    corpus = read(tmp_path / "s", "speech_accent_archive")
    assert rows(corpus) == {
        "afrikaans1": {
            "audio_filepath": f"{folder}/afrikaans1.mp3", "text": "Please call Stella. Ask her to bring these things.",
            "speaker": "1", "accent": "afrikaans", "native_language": "afrikaans", "gender": "famale", "age": "27",
            "age_onset": "9", "birthplace": "pretoria, south africa", "country": "south africa",
        }
    }  # fmt: skip
    same(heard(corpus, "afrikaans1"), sound(1))
    assert "1 speakers of the table have no recording" in corpus.notes
    lay(tmp_path / "s", **{"speakers_all.csv": "a,b\n1,2\n"})
    with pytest.raises(CorpusError, match=r"speakers_all\.csv:1: expected columns filename"):
        read(tmp_path / "s", "speech_accent_archive")


BACKGROUND = """Timestamp,PARTICIPANT_ID,"How would you describe your accent in English? (e.g. Italian)",Year of birth
1,EDACC-C01-A,Glaswegian,1990
2,EDACC-C01-B,"Italian, a bit",1991
"""


def test_edacc(tmp_path):
    segments = "EDACC-C01-000001 EDACC-C01 0.50 1.25\nEDACC-C01-000002 EDACC-C01 1.25 2.00\n"
    lay(
        tmp_path / "e",
        **{
            "linguistic_background.csv": BACKGROUND,
            "data/EDACC-C01.wav": sound(1, 2.0),
            "dev/segments": segments,
            "dev/text": "EDACC-C01-000001 YEAH <overlap>\n",
            "dev/utt2spk": "EDACC-C01-000001 EDACC-C01-A\nEDACC-C01-000002 EDACC-C01-B\n",
            "dev/stm": "EDACC-C01 1 EDACC-C01-A 0.50 1.25 <female,l1> YEAH\n",
        },
    )
    corpus = read(tmp_path / "e", "edacc")
    assert rows(corpus) == {
        "EDACC-C01-000001": {
            "audio_filepath": "data/EDACC-C01.wav", "offset": 0.5, "duration": 0.75, "text": "YEAH <overlap>",
            "speaker": "EDACC-C01-A", "accent": "Glaswegian", "year_of_birth": "1990", "timestamp": "1",
            "gender": "female", "english": "l1", "subset": "dev",
        },
        "EDACC-C01-000002": {
            "audio_filepath": "data/EDACC-C01.wav", "offset": 1.25, "duration": 0.75, "speaker": "EDACC-C01-B",
            "accent": "Italian, a bit", "year_of_birth": "1991", "timestamp": "2", "subset": "dev",
        },
    }  # fmt: skip
    same(heard(corpus, "EDACC-C01-000001"), sound(1, 2.0)[8000:20000])
    lay(tmp_path / "e", **{"dev/segments": f"{segments}EDACC-C01-000003 EDACC-C01 one\n"})
    with pytest.raises(CorpusError, match="segments:3: expected an id, a recording, a start and an end"):
        read(tmp_path / "e", "edacc")
    lay(tmp_path / "e", **{"linguistic_background.csv": "A,B\n1,2\n"})
    with pytest.raises(CorpusError, match="expected a column PARTICIPANT_ID"):
        read(tmp_path / "e", "edacc")


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("common_voice", "validated.tsv"), ("vctk", "speaker-info.txt"), ("librispeech", "SPEAKERS.TXT"),
        ("speech_accent_archive", "speakers_all.csv"), ("edacc", "linguistic_background.csv"), ("kaldi", "wav.scp"),
    ],
)  # fmt: skip
def test_a_folder_is_recognised_by_its_files(tmp_path, layout, name):
    lay(tmp_path / "x", **{name: "x\n"})
    with pytest.raises(CorpusError, match=f"it looks like {layout}"):
        read_corpus(CorpusSpec(path="x"), tmp_path)
