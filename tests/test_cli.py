"""The command line, as a person meets it."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import augment
from augment.recipe.loader import bundled_recipes
from augment.testset.rehearsal import Tried
from conftest import command as run


def in_a_process(*arguments, cwd=None, code=0):
    call = [sys.executable, "-m", "augment.cli", *map(str, arguments)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=cwd)
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    return done


COMMANDS = ["check", "plan", "build", "finish", "verify", "demo", "recipes", "copy", "schema", "sample-size", "export",
            "score", "preview"]  # fmt: skip
COMMANDS_SHOWN = [*COMMANDS[:-4], "profile", "corpus", *COMMANDS[-4:]]
PROFILE_COMMANDS = ["list", "show", "compare", "render", "fit"]


def test_help_lists_every_command():
    told = run("--help").stdout
    assert re.findall(r"^  ([\w-]+)  +\S", told.split("Commands:")[1], re.MULTILINE) == COMMANDS_SHOWN
    told = run("profile", "--help").stdout
    assert re.findall(r"^  (\w+)  +\S", told.split("Commands:")[1], re.MULTILINE) == PROFILE_COMMANDS


@pytest.mark.parametrize(
    "command",
    [*COMMANDS, *(f"profile {name}" for name in PROFILE_COMMANDS), "corpus audit", "corpus import", "corpus layouts"],
)
def test_every_command_has_an_example(command):
    assert f"acoustigrid {command}" in run(*command.split(), "--help").stdout


def test_a_recording_is_fitted_to_a_profile_that_can_be_used(tmp_path):
    hum, out, page = (tmp_path / name for name in ("hum.wav", "our_hum.yaml", "fit.html"))
    run("profile", "render", "mains_hum_60", "--seconds", 5, "--rate", 8000, "--out", hum)
    told = run(
        "profile", "fit", hum, "--name", "Our hum", "--out", out, "--report", page, "--calibration-dba", 50
    ).stdout
    assert re.search(r"tones of one fundamental: fundamental_hz (59\.9|60)", told)
    assert "dba: 50" in run("profile", "show", out).stdout
    assert page.read_text().count("<audio") == 2
    told = run("profile", "fit", hum, "--out", out, "--report", tmp_path / "fit.pdf", code=2).stderr
    assert "there is a file of that name" in told
    assert "call it .html" in told
    assert (
        "there is no such file"
        in run("profile", "fit", tmp_path / "none.wav", "--out", tmp_path / "x.yaml", code=2).stderr
    )


def test_profiles_are_listed_shown_and_heard(tmp_path):
    assert "mri_epi" in run("profile", "list", "scanner").stdout
    told = run("profile", "show", "mri_epi").stdout
    assert "estimate:" in told
    assert re.search(r"^ +630 Hz +-1\.6  #{40}$", told, re.MULTILINE)
    run("profile", "render", "mri_epi", "--seconds", 2, "--rate", 8000, "--out", tmp_path / "scanner.wav")
    samples, rate = soundfile.read(tmp_path / "scanner.wav")
    assert (samples.size, rate) == (16000, 8000)
    assert 10 * np.log10(np.mean(samples**2)) == pytest.approx(-26, abs=0.01)
    run("profile", "render", "itu_p48_handset", "--out", tmp_path / "response.flac")
    response, _ = soundfile.read(tmp_path / "response.flac")
    assert 0.1 < np.abs(response).max() <= 1
    assert "did you mean 'mri_epi'" in run("profile", "show", "mri_epj", code=2).stderr
    assert "ends in .wav or .flac" in run("profile", "render", "mri_epi", "--out", "scanner.mp3", code=2).stderr


def test_a_bundled_recipe_is_copied_for_another_corpus(stocked):
    run("copy", "demo", "--corpus", "corpus.jsonl", "--out", "mine.yaml", cwd=stocked.folder)
    text = (stocked.folder / "mine.yaml").read_text().replace("utterances: 12, speakers: {min: 3}", "utterances: 2")
    (stocked.folder / "mine.yaml").write_text(text)
    assert "2 groups x 8 conditions" in run("plan", "mine.yaml", cwd=stocked.folder).stdout
    assert "nobody says under which licence" in run("plan", "mine.yaml", cwd=stocked.folder).stdout
    again = run("copy", "demo", "--corpus", "corpus.jsonl", "--out", "mine.yaml", cwd=stocked.folder, code=2)
    assert "this file exists already" in again.stderr


def test_columns_that_have_other_names_are_told_with_what_to_write(stocked):
    """Nothing is taken for a speaker or a text but what is called so, and nobody has to guess why that is missing."""
    corpus = (stocked.folder / "corpus.jsonl").read_text()
    other = corpus.replace('"speaker"', '"client_id"').replace('"text"', '"sentence"')
    (stocked.folder / "other.jsonl").write_text(other)
    wanted = ("copy", "demo", "--corpus", "other.jsonl", "--out")
    run(*wanted, "mine.yaml", cwd=stocked.folder)
    text = (stocked.folder / "mine.yaml").read_text()
    assert "Synthetic voices" not in text, "it tells of the demo's corpus"
    (stocked.folder / "mine.yaml").write_text(text.replace("utterances: 12, ", ""))
    refused = run("plan", "mine.yaml", cwd=stocked.folder, code=2).stderr
    assert "no row names its speaker, and the recipe asks for 3 speakers a group" in refused
    assert "--column speaker=NAME" in refused
    told = run("check", "mine.yaml", cwd=stocked.folder).stdout
    assert "or --column speaker=client_id" in told
    assert "or --column text=sentence" in told
    run(*wanted, "right.yaml", "--column", "speaker=client_id", "--column", "text=sentence", cwd=stocked.folder)
    told = run("check", "right.yaml", cwd=stocked.folder).stdout
    assert "--column" not in told
    (stocked.folder / "other.jsonl").write_text(corpus.replace('"accent"', '"dialect"'))
    refused = run("plan", "mine.yaml", cwd=stocked.folder, code=2).stderr
    assert "if 'dialect' holds it, say so: corpus: {columns: {accent: dialect}}" in refused


def test_a_column_cannot_have_two_other_names(stocked):
    given = ("corpus", "import", "jsonl", "corpus.jsonl", "--out", "o.jsonl", "--column", "speaker=speaker")
    refused = run(*given, "--column", "speaker=text", cwd=stocked.folder, code=2).stderr
    assert "'speaker' cannot be both 'speaker' and 'text': give it once" in refused
    run(*given, "--column", "speaker=speaker", cwd=stocked.folder)


def test_copy_a_recipe_for_a_corpus_with_a_layout(stocked):
    files = {path.stem: path for path in sorted((stocked.folder / "audio").glob("*.wav"))}
    kaldi = stocked.folder / "data"
    kaldi.mkdir()
    for name, cell in (("wav.scp", "{1}"), ("text", "a text of {0}"), ("utt2spk", "{0}"), ("utt2accent", "North")):
        lines = [f"{key} {cell.format(key, path)}\n" for key, path in files.items()]
        (kaldi / name).write_text("".join(lines))
    wanted = ("copy", "demo", "--corpus", "data", "--out", "mine.yaml")
    refused = run(*wanted, cwd=stocked.folder, code=2)
    assert "it looks like kaldi" in refused.stderr
    assert not (stocked.folder / "mine.yaml").exists()
    unknown = run(*wanted, "--layout", "kaldy", cwd=stocked.folder, code=2)
    assert "did you mean 'kaldi'" in unknown.stderr
    told = run(*wanted, "--layout", "kaldi", cwd=stocked.folder).stdout
    assert f"{len(files)} utterances; labels: accent" in told
    text = (stocked.folder / "mine.yaml").read_text()
    assert "CC0" not in text, "the demo's licence is not theirs"
    assert "demo corpus" not in text
    assert augment.audit(stocked.folder / "mine.yaml", sample=0).utterances == len(files)


def test_a_folder_with_a_pattern_is_audited_and_copied(stocked):
    folder = ("--layout", "folder", "--pattern")
    fits = run("corpus", "audit", "audio", "--by", "accent", *folder, "{accent}_*.wav", cwd=stocked.folder)
    assert "north" in fits.stdout
    audit, copy = ["corpus", "audit", "audio", "--by", "accent"], ["copy", "demo", "--corpus", "audio", "-o", "x.yaml"]
    for command in (audit, copy):
        refused = run(*command, *folder, "{accent}/{id}.wav", cwd=stocked.folder, code=2).stderr
        assert "none of 9 audio files fits the pattern '{accent}/{id}.wav' - the first is 'north_0.wav'" in refused
        assert "or --pattern" in run(*command, "--layout", "folder", cwd=stocked.folder, code=2).stderr
    run("copy", "demo", "--corpus", "audio", "-o", "x.yaml", *folder, "{accent}_*.wav", cwd=stocked.folder)
    assert augment.audit(stocked.folder / "x.yaml", sample=0).utterances == 9


def test_an_audit_of_no_usable_audio_does_not_end_well(stocked):
    (stocked.folder / "bad.jsonl").write_text('{"audio_filepath": "recipe.yaml", "accent": "N", "speaker": "a"}\n')
    told = run("corpus", "audit", "bad.jsonl", "--by", "accent", cwd=stocked.folder, code=1).stdout
    assert "format not recognised" in told
    run("corpus", "audit", "bad.jsonl", "--by", "accent", "--sample", 0, cwd=stocked.folder)


@pytest.mark.parametrize(
    ("corpus", "told"),
    [
        ("{path: nowhere.jsonl}", "there is no such file or folder"),
        ("{path: audio, layout: folder}", "the layout 'folder' needs a pattern"),
        ("{path: corpus.jsonl, pseudonyms: nokey}", "there is no such file, the key of corpus.pseudonyms"),
    ],
)
def test_check_looks_for_the_corpus(stocked, corpus, told):
    stocked.recipe(corpus=corpus, name="other.yaml")
    assert told in run("check", "other.yaml", cwd=stocked.folder, code=2).stderr


def test_a_corpus_that_is_no_manifest_is_recognised(stocked):
    (stocked.folder / "data").mkdir()
    (stocked.folder / "data" / "wav.scp").write_text("a a.wav\n")
    told = run("corpus", "audit", "data", "--by", "accent", cwd=stocked.folder, code=2).stderr
    assert "it looks like kaldi: corpus: {layout: kaldi}, or --layout kaldi" in told


def test_build_verify_and_build_again(stocked):
    """In processes of their own, with each exit code."""
    built = in_a_process("build", "recipe.yaml", "--out", "set", "--workers", 2, cwd=stocked.folder)
    assert "street_20db__handset" in built.stdout
    assert "64 of 64 items" in built.stdout
    assert in_a_process("verify", "set", cwd=stocked.folder).stdout.splitlines()[0].endswith("all as it should be")
    first = run("verify", "set", "--sample", 0, cwd=stocked.folder).stdout.splitlines()[0]
    assert first.endswith("nothing deviates, but not all was checked: items rendered again")
    assert "(64 of them were there before)" in run("build", "recipe.yaml", "-o", "set", cwd=stocked.folder).stdout
    next((stocked.folder / "set" / "audio").rglob("*.flac")).unlink()
    assert "the file is missing" in in_a_process("verify", "set", cwd=stocked.folder, code=1).stderr
    assert "this is not a folder" in in_a_process("verify", "nothing", cwd=stocked.folder, code=2).stderr


def test_plan_says_what_will_be(stocked):
    told = run("plan", "recipe.yaml", "--details", cwd=stocked.folder).stdout
    for words in (
        "2 groups x 8 conditions",
        "64 files",
        "not drawn: the groups are full without them",
        "noise/street/background_noise",
        "hours of audio, about",
    ):
        assert words in told


def test_failures_show_in_the_table_and_the_exit_code(stocked):
    """A noise that is taken away while the set is built: told in every way there is."""
    code = (
        "import pathlib, shutil, sys, augment.api.planning as api, augment.cli as cli\n"
        "plan = api.plan\n"
        "def plan_then_lose_noise(*arguments):\n"
        "    made = plan(*arguments)\n"
        "    made.loaded.library._samples.clear()\n"
        "    shutil.rmtree('noise/street')\n"
        "    return made\n"
        "api.plan = plan_then_lose_noise\n"
        "sys.argv = ['acoustigrid', 'build', 'recipe.yaml', '-o', 'set']\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=stocked.folder)
    assert done.returncode == 1
    assert re.search(r"^street_20db__studio +0/4 +0/4$", done.stdout, re.MULTILINE)
    assert re.search(r"^quiet__studio +4 +4$", done.stdout, re.MULTILINE)
    assert "32 items could not be made" in done.stderr
    assert "there is no file or folder 'noise/street'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nothing.yaml"], "no such recipe file or bundled recipe"),
        (["check", "demi"], "did you mean 'demo'?"),
        (["plan", "."], "no such recipe file"),
        (["build", "recipe.yaml", "--out", "corpus.jsonl"], "this is a file; expected a folder"),
    ],
)
def test_faults_are_messages(stocked, arguments, words):
    assert words in run(*arguments, cwd=stocked.folder, code=2).stderr


def test_a_corpus_without_the_label_is_told(stocked):
    stocked.recipe(balance="{by: [dialect]}")
    told = run("plan", "recipe.yaml", cwd=stocked.folder, code=2).stderr
    assert "balances by 'dialect', a label that the corpus does not have" in told
    assert "accent" in told


def test_recipes_are_listed_and_planned_from_anywhere(tmp_path, monkeypatch):
    """Without a rehearsal: the tests of each recipe render all of its conditions."""
    monkeypatch.setattr("augment.api.planning.rehearse", lambda *arguments: Tried((), {}))
    assert run("recipes", "--names", cwd=tmp_path).stdout.split() == list(bundled_recipes())
    listed = run("recipes", cwd=tmp_path).stdout
    for name in bundled_recipes():
        assert re.search(rf"^{name} +\S", listed, re.MULTILINE)
        assert "groups x" in run("plan", name, cwd=tmp_path).stdout


def test_schema_is_json():
    assert json.loads(run("schema").stdout)["title"] == "Recipe"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("augment", ["scipy.signal", "librosa", "audiomentations", "matplotlib", "polars", "soundfile", "pydantic"]),
        ("augment.cli", ["scipy", "numpy", "polars", "soundfile", "pydantic"]),  # --help must not wait for them
    ],
)
def test_importing_is_light(module, heavy):
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sample_size_is_told_without_a_corpus():
    told = run("sample-size", "--utterances", 200, "--speakers", 20, "--words", 10, "--detect", 0.02).stdout
    assert (
        "a cell of 200 utterances of 20 speakers, 10 words each shows a difference in word error rate of 7.6 points"
        in told
    )
    assert "a difference of 2 points" in told
    assert "244 speakers with 10 utterances each" in told
    assert "cannot have 300 speakers" in run("sample-size", "--speakers", 300, code=2).stderr
    assert "cannot exceed" in run("sample-size", "--within-speaker", 0.5, code=2).stderr
