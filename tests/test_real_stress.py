"""The table of a robustness pack, row by row: audio and manifests that are used, used and told, or refused in words.

What a row is about is matched, not that something is said. The pack's own README says what a good tool should do.
"""

import csv
import json
import re
import shutil
import tarfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

import augment
from augment.errors import AcoustigridError
from augment.export import exporters
from augment.notes import texts
from augment.plain_text import from_spreadsheet_cell
from conftest import RATE, ROOT

STRESS = ROOT.parent / "shared" / "stress_pack.tar.gz"
pytestmark = pytest.mark.real

HUM = "factors: {noise: {quiet: [], hum: [{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}]}}"
RECIPE = "name: odd\ncorpus: {{path: '{path}'{more}}}\nbalance: {{by: [accent], unlabelled: group}}\n"
OF_PACK = ", columns: {audio_filepath: audio}"
BASE = "encodings/wav_pcm_16_16000.wav"
"""The utterance that most files hold in another form."""

TOLD = {
    "encodings/wav_float_over_0dbfs.wav": "floating-point samples above full scale: they are used as they are",
    "rates/sr_7350_odd.wav": "reach less far up than a telephone",
    "channels/stereo_left_only.wav": "one channel with sound beside silent ones: that one is used",
    "channels/surround_5.1.wav": "one channel with sound beside silent ones: that one is used",
    "channels/surround_7.1.wav": "one channel with sound beside silent ones: that one is used",
    "levels/dc_offset_0.3.wav": "a DC offset .* is taken out",
    "levels/clipped_hard_20db.wav": "are clipped",
    "levels/speech_one_click.wav": "perhaps a click",
    "corrupt/odd_byte_count.wav": "half of a sample, which is left out",
    "corrupt/declared_4GB.wav": "state no length, .*: everything behind the header is read",
    "corrupt/declared_2GB_espeak_stdout.wav": "state no length, .*: everything behind the header is read",
    "corrupt/bits_12.wav": "another number of bits than whole bytes hold",
    "corrupt/odd_chunk_no_pad.wav": "a chunk of odd size without the byte that should follow",
    "wrong_type/video_with_audio.mp4": "are videos, of which the sound is used",
    "odd_manifests/no_accent.jsonl": r"3 rows have no accent: \(unlabelled\) stands for it",
    "odd_manifests/empty_text.jsonl": "3 rows have no text: their word error rate is undefined",
    "odd_manifests/id_with_slash_unicode.jsonl": r"^spk/utt 1 is in audio/quiet/[\w-]+\.flac$",
    "odd_manifests/wrong_duration.jsonl": "a duration that is not the audio's: the audio's own is used",
    "odd_manifests/number_types.jsonl": "1 row has a number .* for a text, taken as it is spelled",
    "odd_manifests/accent_case_variants.jsonl": "accent has values that differ in case, spaces or signs only",
    "odd_manifests/huge_field.jsonl": r"more words than anybody can say in the time: a \(66,890 a second\)",
}
"""What is told of rows that are expected to be used with a warning; of an id, the manifest's column ``utterance``."""
REFUSED = {
    "encodings/headerless_s16le_16k.raw": "format not recognised",
    "rates/sr_999983_prime.wav": "declares 999,983 Hz; 4,000 to 384,000 Hz are read",
    "rates/pocketsphinx_awful.wav": "declares 1,092,676 Hz",
    "channels/stereo_antiphase.wav": "opposite polarity, .* channel: 0 or channel: 1",
    "levels/digital_silence.wav": "the utterance is silent",
    "levels/nan_samples.wav": "samples that are not finite numbers",
    "levels/inf_sample.wav": "samples that are not finite numbers",
    "levels/all_nan.wav": "samples that are not finite numbers",
    "levels/denormals.wav": "the utterance is silent",
    "lengths/empty_valid_header.wav": "holds no samples",
    "lengths/zero_bytes.wav": "the file is empty",
    "lengths/one_sample.wav": "at least 0.1 s are needed",
    "lengths/pocketsphinx_null.wav": "holds no samples",
    "corrupt/truncated_in_header.wav": "no chunk of format",
    "corrupt/declared_zero_data_present.wav": "declares no sound although 95,680 bytes follow",
    "corrupt/no_data_chunk.wav": "no chunk of sound",
    "corrupt/no_fmt_chunk.wav": "no chunk of format",
    "corrupt/bad_magic.wav": "no chunk of format",
    "corrupt/zero_channels.wav": "declares 0 channels",
    "corrupt/zero_sample_rate.wav": "at 0 Hz",
    "corrupt/65535_channels.wav": "contradicts itself: .* 65535 channels",
    "corrupt/block_align_wrong.wav": "contradicts itself: blocks of 7 bytes",
    "corrupt/format_tag_unknown.wav": "format tag 0xBEEF",
    "corrupt/pocketsphinx_bad.wav": "no chunk of format",
    "corrupt/pocketsphinx_evil.wav": "no chunk of sound",
    "corrupt/truncated.m4a": "cut off",
    "corrupt/bitflip.flac": "cannot be decoded as audio .*lost sync",
    "wrong_type/text.wav": "format not recognised",
    "wrong_type/html_404.wav": "HTML or XML, perhaps an error page",
    "wrong_type/git_lfs_pointer.wav": "Git LFS pointer",
    "wrong_type/gzipped.wav": "gzip-compressed",
    "wrong_type/random.wav": "format not recognised",
    "wrong_type/video_no_audio.mp4": "holds no sound",
    "wrong_type/directory.wav": "this is not a file",
    "odd_manifests/missing_file.jsonl": r"missing_file\.jsonl:2: .*nope\.wav: there is no such file",
    "odd_manifests/duplicate_ids.jsonl": r"duplicate_ids\.jsonl:2: .*is also that of row 1",
    "odd_manifests/bad_json_line.jsonl": r"bad_json_line\.jsonl:2: this line is not a JSON object",
    "odd_manifests/utf16.jsonl": r"utf16\.jsonl:1: the file is UTF-16",
    "odd_manifests/latin1.jsonl": r"latin1\.jsonl:\d+: the file is not UTF-8",
    "odd_manifests/path_traversal_id.jsonl": r"path_traversal_id\.jsonl:\d+: .*points outside the output folder",
    "odd_manifests/empty.jsonl": "the corpus has no rows",
}
"""Why rows are refused that are expected to be."""
NO_HALF = "the pack allows an error too: the text stands for all of the sound"
EITHER = "the pack allows it to be accepted: nothing is guessed"
ARGUED = {
    "channels/stereo_delayed.wav": ("refused", "channel 1 is 0.50 ms behind 0", "a mean is a comb filter; ask which"),
    "channels/two_talkers.wav": ("refused", "channel: 0 or channel: 1", "one text, two talkers: ask which"),
    "levels/very_quiet_-80dbfs.wav": ("refused", "no active speech", "ITU-T P.56 finds no speech there: no SNR"),
    "levels/quiet_16bit_2lsb.wav": ("refused", "no active speech", "the pack calls its level unusable"),
    "levels/float_int_scaled.wav": ("told", "are scaled to 1.0", "the pack allows it, with a warning"),
    "lengths/five_ms.wav": ("refused", "lasts 0.005 s; at least 0.1 s", "nobody says a word in 5 ms"),
    "lengths/flac_45min_mostly_silence.flac": ("refused", "longer than 15 min", "no sentence; used as noise, below"),
    "corrupt/truncated_data.wav": ("refused", "declares 95,680 bytes of sound and holds 47,818", NO_HALF),
    "corrupt/truncated.mp3": ("refused", "cut off", NO_HALF),
    "corrupt/truncated.flac": ("refused", "declares 47,840 frames and holds 28,672", NO_HALF),
    "corrupt/truncated.ogg": ("refused", "cut off", NO_HALF),
    "corrupt/mp3_concatenated.mp3": ("refused", "do not go together: 22,050 Hz .*44,100 Hz", "two files; split it"),
    "odd_manifests/array_not_lines.json": ("used", "", EITHER),
    "odd_manifests/semicolon.csv": ("used", "", EITHER),
}
"""Rows whose expectation is not met to the letter: the outcome, what is told, and why that is right."""
OUTCOMES = {
    ("process", "used"): 76,
    ("process", "refused"): 1,
    ("process+warn", "told"): 21,
    ("process+warn", "refused"): 10,
    ("error", "refused"): 41,
    ("error", "told"): 1,
    ("error", "used"): 2,
}

LOSSY = re.compile("law|gsm|adpcm|ogg|opus|mp3|aac|wma|mp4")
ANOTHER_VOICE = {"corrupt/declared_2GB_espeak_stdout.wav", "wrong_type/flac_named.wav"}
LESS_ALIKE_DB = {
    "encodings/wav_pcm_u8_8000.wav": 25,  # eight bits: their rounding is 26 dB below speech of -27 dBov
    "encodings/wav_gsm610_8000.wav": 11,  # the codec's own
    "rates/sr_7350_odd.wav": 36,  # its filter reaches below 3.4 kHz
}


@cache
def table() -> dict[str, dict[str, str]]:
    """The pack's rows by their files, without unpacking it; where it is not there, one that fails."""
    if not STRESS.is_file():
        return {BASE: {"audio": BASE, "expect": "process"}}
    with tarfile.open(STRESS) as archive:
        lines = archive.extractfile("stress_pack/manifest.jsonl").read().decode().splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["audio"]: row | {"expect": row["expect"].partition(" when")[0]} for row in rows}


def expected(name: str) -> tuple[str, str]:
    """How a row comes out, and what is told of it."""
    usual = {"process": "used", "process+warn": "told", "error": "refused"}[table()[name]["expect"]]
    if name in ARGUED:
        return ARGUED[name][:2]
    return usual, {"used": {}, "told": TOLD, "refused": REFUSED}[usual][name] if usual != "used" else ""


@pytest.fixture(scope="module")
def pack(tmp_path_factory) -> Path:
    assert STRESS.is_file(), "the pack is expected in ../shared"
    folder = tmp_path_factory.mktemp("stress")
    with tarfile.open(STRESS) as archive:
        archive.extractall(folder, filter="data")
    return folder / "stress_pack"


def recipe(folder: Path, name: str, path: str, more: str = "") -> Path:
    written = folder / f"{name}.yaml"
    written.write_text(RECIPE.format(path=path, more=more) + HUM)
    return written


def corpus_of(pack: Path, name: str, audio: list[str]) -> str:
    """A manifest of files; ids are their names where an id may be so called."""
    rows = [
        {
            "id": table()[file]["id"] if re.search(r"[\x00-\x1f]", file) else file,
            "audio_filepath": file, "text": "he was", "speaker": "s1", "accent": "x",
        }
        for file in audio
    ]  # fmt: skip
    (pack / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"{name}.jsonl"


def rows_of(target: Path) -> list[dict]:
    return [json.loads(line) for line in (target / "manifest.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def built(pack):
    """One set of all audio: what cannot be used is left out and listed."""
    audio = [name for name in table() if not name.startswith("odd_manifests/")]
    made = recipe(pack, "all", corpus_of(pack, "all", audio), ", unusable: leave_out, at_most: 100 %")
    result = augment.build(made, pack / "set", formats=["csv"], workers=2)
    assert not result.failures
    return result


@pytest.mark.parametrize("name", [name for name in table() if not name.startswith("odd_manifests/")])
def test_audio_of_the_table(pack, built, name):
    outcome, told = expected(name)
    manifest = corpus_of(pack, "one", [name])
    notes = "\n".join(texts(built.plan.notes))
    if outcome == "refused":
        with pytest.raises(AcoustigridError, match=told) as caught:
            augment.build(recipe(pack, "one", manifest), pack / "none")
        assert name in str(caught.value)
        assert not (pack / "none").exists()
        assert re.search(f"{re.escape(name)}: .*{told}", notes) or name == "wrong_type/directory.wav"
        return
    found = augment.audit(pack / manifest, ["accent"])
    assert not found.unreadable
    assert all(line.removeprefix("1 ") in notes for line in texts(found.notes))
    assert re.search(told, "\n".join(texts(found.notes))) if told else not texts(found.notes)
    (quiet, hum) = (row for row in rows_of(built.folder) if row["source_audio"] == name)
    outsider = re.match(r"[\d.]+", table()[name]["ffmpeg"])
    length_s = float(outsider[0]) if outsider else 2.99
    for row in (quiet, hum):
        samples, _ = soundfile.read(built.folder / row["audio_filepath"])
        assert row["duration"] == pytest.approx(samples.size / RATE) == pytest.approx(length_s, abs=0.05)
        assert row["speech_level_dbov"] - row["headroom_gain_db"] == pytest.approx(-26, abs=0.01)
    if name.split("/")[0] in ("encodings", "rates", "channels", "corrupt", "wrong_type") and name not in ANOTHER_VOICE:
        (base,) = (row for row in rows_of(built.folder) if (row["source_audio"], row["noise"]) == (BASE, "quiet"))
        wanted_db = LESS_ALIKE_DB.get(name, 12 if LOSSY.search(name) else 40)
        alike = (soundfile.read(built.folder / row["audio_filepath"])[0] for row in (base, quiet))
        assert likeness_db(*alike) >= wanted_db
        assert not name.startswith("rates/") or abs(quiet["samples"] - base["samples"]) <= 1


def likeness_db(one: np.ndarray, other: np.ndarray) -> float:
    """How far what is in a signal of another lies below it, in 100-3400 Hz, whatever their gains and their lag."""
    size = 1 << 17
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    first, second = (np.fft.rfft(part, size) * ((hertz > 100) & (hertz < 3400)) for part in (one, other))
    cross = np.conj(first) * second
    lag = int(np.argmax(np.abs(np.fft.irfft(cross, 8 * size)))) / 8
    common = abs(np.sum(cross * np.exp(2j * np.pi * hertz * lag / RATE))) ** 2
    return -10 * np.log10(max(1 - common / (np.sum(np.abs(first) ** 2) * np.sum(np.abs(second) ** 2)), 1e-12))


@pytest.mark.parametrize("name", [name for name in table() if name.startswith("odd_manifests/")])
def test_manifests_of_the_table(pack, tmp_path, name):
    outcome, told = expected(name)
    written = recipe(pack, Path(name).name, name, OF_PACK)
    target = tmp_path / "set"
    if outcome == "refused":
        with pytest.raises(AcoustigridError, match=told):
            augment.build(written, target, formats=list(exporters()))
        assert not target.exists()
        return
    result = augment.build(written, target, formats=list(exporters()))
    assert not result.failures
    assert augment.verify(target, sample=2).sound
    rows = rows_of(target)
    places = {f"{row['utterance']} is in {row['audio_filepath']}" for row in rows}
    assert re.search(told, "\n".join([*texts(result.plan.notes), *sorted(places)]), re.MULTILINE)
    assert len({row["audio_filepath"].casefold() for row in rows}) == len(rows)
    assert all(Path(row["audio_filepath"]).parts[0] == "audio" for row in rows)
    exported = [json.loads(line) for line in (target / "nemo" / "manifest.jsonl").read_text().splitlines()]
    assert [row["text"] for row in exported] == [row["text"] for row in rows]
    kaldi = [line.partition(" ")[2] for line in (target / "kaldi" / "text").read_text().splitlines()]
    assert sorted(map(str.strip, kaldi)) == sorted(" ".join(row["text"].split()) for row in rows)


def test_the_table_is_held_whole(capsys):
    """Every row has its outcome, and those of one outcome are so many."""
    outcomes = Counter((row["expect"], expected(name)[0]) for name, row in table().items())
    with capsys.disabled():
        for (expect, outcome), count in sorted(outcomes.items()):
            print(f"\n{expect:13} {outcome:8} {count:3}", end="")
    assert outcomes == OUTCOMES
    assert {*TOLD, *REFUSED, *ARGUED} <= set(table())
    warned = [name for name, row in table().items() if row["expect"] == "process+warn"]
    assert sum(bool(expected(name)[1]) for name in warned) == len(warned) == 31


def test_names_are_kept_and_files_are_apart(built):
    rows = rows_of(built.folder)
    named = [row["source_audio"] for row in rows if row["source_audio"].startswith("names/")]
    assert Counter(named) == dict.fromkeys((name for name in table() if name.startswith("names/")), 2)
    assert len({row["audio_filepath"].casefold() for row in rows}) == len(rows)
    with (built.folder / "csv" / "manifest.csv").open(newline="", encoding="utf-8") as cells:
        exported = [from_spreadsheet_cell(row["source_audio"]) for row in csv.DictReader(cells)]
    assert exported == [row["source_audio"] for row in rows]


def test_a_scan_finds_upper_case_and_leaves_what_is_hidden(pack, tmp_path):
    folder = tmp_path / "scanned"
    folder.mkdir()
    for name in ("wrong_type/UPPER.WAV", "names/.hidden.wav", "names/with space.wav"):
        shutil.copy(pack / name, folder)
    corpus = augment.import_corpus("folder", folder, tmp_path / "found.jsonl", pattern="{id}.wav")
    assert sorted(corpus.frame["id"]) == ["UPPER", "with space"]


@pytest.mark.parametrize("channel", ["0", "mix"])
@pytest.mark.parametrize("name", ["channels/stereo_delayed.wav", "channels/two_talkers.wav"])
def test_channels_are_read_once_somebody_says_which(pack, name, channel):
    written = recipe(pack, "chosen", corpus_of(pack, "chosen", [name]), f", channel: {channel}")
    found = augment.audit(written)
    assert not found.unreadable
    assert re.search("more than one channel: the|with a delay between them: the mean", "\n".join(texts(found.notes)))


def test_noise_of_45_minutes_is_used(pack):
    """Three seconds of sound at either end of 45 minutes of silence: a shorter segment than 10 s finds them."""
    noise = "[{kind: background_noise, source: lengths/flac_45min_mostly_silence.flac, snr_db: 10}]"
    written = pack / "long.yaml"
    factors = f"noise: {{segment_s: 2}}\nfactors: {{noise: {{long: {noise}}}}}\n"
    written.write_text(RECIPE.format(path="odd_manifests/ok.jsonl", more=OF_PACK) + factors)
    planned = augment.plan(written)
    (item,) = augment.render_utterance(planned, planned.items["utterance"][0]).values()
    assert item.measured["snr_db"] == pytest.approx(10, abs=0.01)
