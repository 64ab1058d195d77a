"""What stands on a terminal: as wide as it is, on one screen, from the first second on; and what stands elsewhere."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import augment
from augment.cli.terminal import Manner
from augment.notes import LONGEST, Effect, Note, by_gravity
from augment.plain_text import columns, cut, visible
from augment.report.brief import plan_brief
from augment.report.text import TextTable, fitted, table
from conftest import PACK, RATE, command
from pseudo_terminal import STYLE, on_terminal

SCREEN = 25
HOSTILE = "\x1b[2J\u202eNorth\u2066 \x07\u200f"


def words(text: str) -> set[str]:
    """Words of a text but the rules of tables; a table that stands as a list has colons behind its names."""
    every = (word.rstrip(":") for word in STYLE.sub("", text).split())
    return {word for word in every if not re.fullmatch("-+", word)}


@pytest.fixture
def hostile(stocked):
    """A workshop in which one accent would clear the screen and turn the direction of writing."""
    path = stocked.folder / "corpus.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    stocked.manifest([{**row, "accent": HOSTILE if row["accent"] == "North" else row["accent"]} for row in rows])
    return stocked


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(
    "arguments", [["plan", "recipe.yaml", "--details"], ["corpus", "audit", "recipe.yaml", "--details"]]
)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(stocked, arguments, width):
    found = on_terminal(*arguments, cwd=stocked.folder, columns=width)
    assert found.code == 0
    assert max(map(columns, found.steps)) <= width
    unwrapped = command(*arguments, cwd=stocked.folder).stdout
    assert max(map(columns, unwrapped.split("\n"))) > width
    assert words("\n".join(found.lines)) == words(unwrapped)


def test_one_screen_says_what_matters_and_progress_comes_before_it(tmp_path):
    """Plan, build and check of the demo, and an audit of its corpus."""
    wanted = {
        "plan": (["plan", "demo"], "demo: 4 groups x 8 conditions, 384 files"),
        "build": (["build", "demo", "--out", "set", "--workers", "2"], "384 of 384 items in set"),
        "verify": (["verify", "set", "--workers", "2"], "384 files read, 20 items rendered again: all as it should be"),
        "audit": (["corpus", "audit", "demo"], "4 groups by accent"),
    }
    for arguments, outcome in wanted.values():
        found = on_terminal(*arguments, cwd=tmp_path)
        assert found.code == 0
        assert len(found.lines) <= SCREEN
        assert max(map(columns, found.steps)) <= 80
        assert any(outcome in line for line in found.lines)
        told = [place for place, step in enumerate(found.steps) if outcome in step]
        assert found.steps[0] == "starting ..."
        assert told[0] > 1
        assert not any("..." in line for line in found.lines if line.startswith(("starting", "reading")))


def test_a_table_of_the_demo_stands_on_its_screen(tmp_path):
    shown = command("plan", "demo", cwd=tmp_path).stdout
    found = TextTable.first_in(shown.split("\n"))
    assert found.header == ["condition", "American", "Caribbean", "English", "Scottish"]
    assert len(found.rows) == 8


@pytest.mark.real
def test_one_screen_for_real_recordings(tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        f"name: real\ncorpus: {{path: {PACK / 'manifest.jsonl'},\n"
        "  columns: {audio_filepath: audio, licence: license},\n"
        "  keep: {accent: [English, Mandarin (L1), American (neutral), German]}}\n"
        "balance: {by: [accent], utterances: 20, speakers: {min: 2}}\n"
        "factors:\n  noise:\n    clean: []\n    mri:\n"
        "      steps: [{kind: equipment_noise, profile: mri_epi}]\n      sweep: {snr_db: [10, 0]}\n"
    )
    audit = ["corpus", "audit", PACK / "manifest.jsonl", "--by", "accent"]
    audit += ["--column", "audio_filepath=audio", "--column", "licence=license"]
    steps = (["plan", "recipe.yaml"], ["build", "recipe.yaml", "--out", "set", "-w", "2"], ["verify", "set", "-w", "2"])
    for arguments in (*steps, audit):
        found = on_terminal(*arguments, cwd=tmp_path)
        assert found.code == 0, found.raw
        assert len(found.lines) <= SCREEN
        assert max(map(columns, found.steps)) <= 80
        if arguments[0] == "plan":
            told = "\n".join(found.lines)
            assert "1. groups differ in bandwidth: German 3.9 kHz, English 8.0 kHz" in told
            assert "`score` gives no intervals for groups of fewer than 4 speakers" in told


def test_labels_of_strangers_stay_text(hostile):
    found = on_terminal("plan", "recipe.yaml", cwd=hostile.folder)
    assert found.code == 0
    assert all(line.isprintable() for line in found.steps)
    assert max(map(columns, found.steps)) <= 80
    assert any(r"\x1b[2J\u202eNorth" in line for line in found.lines)


def test_a_build_that_goes_on_shows_what_was_there(stocked, finished):
    gone = sorted((finished / "audio").rglob("*.flac"))[:3]
    for path in gone:
        path.unlink()
    found = on_terminal("build", "recipe.yaml", "--out", finished.name, cwd=stocked.folder)
    assert found.code == 0
    bars = [step for step in found.steps if step.startswith("rendering")]
    assert "61/64 [" in bars[0]
    assert any("64 of 64 items in finished (61 of them were there before)" in line for line in found.lines)


def test_colours_are_for_terminals_that_want_them(stocked, finished):
    arguments = ["verify", finished.name, "--sample", "0"]
    assert "\x1b[" in on_terminal(*arguments, cwd=stocked.folder).raw
    assert "\x1b[" not in on_terminal(*arguments, cwd=stocked.folder, NO_COLOR="1").raw
    assert "\x1b[" not in command(*arguments, cwd=stocked.folder).stdout


def test_a_terminal_of_unknown_size_counts_as_one_of_80_columns(stocked):
    found = on_terminal("plan", "recipe.yaml", cwd=stocked.folder, columns=0)
    assert found.steps[0] == "starting ..."
    assert max(map(columns, found.steps)) <= 80


def test_quiet_is_one_line_and_json_one_object(stocked):
    folder = stocked.folder
    quiet = {
        "stocked: 2 groups x 8 conditions, 64 files": ["plan", "recipe.yaml"],
        "64 of 64 items in set": ["build", "recipe.yaml", "--out", "set"],
        "64 files read, 1 items rendered again: all as it should be": ["verify", "set", "--sample", "1"],
        "corpus.jsonl: 9 rows, 2 groups by accent": ["corpus", "audit", "recipe.yaml"],
        "set/csv: 1 files": ["export", "set", "--format", "nemo,csv"],
    }
    for told, arguments in quiet.items():
        done = command(*arguments, "--quiet", cwd=folder)
        assert done.stdout.count("\n") == 1
        assert done.stdout.startswith(told)
        assert done.stderr == ""
        record = json.loads(command(*arguments, "--json", cwd=folder).stdout)
        assert isinstance(record, dict)
        assert command(*arguments, "--json", "--quiet", cwd=folder, code=2).stdout == ""


def test_a_program_is_told_what_notes_do(stocked, finished):
    plan = augment.plan(stocked.folder / "recipe.yaml")
    record = json.loads(command("plan", "recipe.yaml", "--json", cwd=stocked.folder).stdout)
    assert {note["text"] for note in record["notes"]} >= {note.text for note in plan.notes}
    effects = [Effect[note["effect"].upper()] for note in record["notes"]]
    assert effects == sorted(effects)
    assert record["cells"]["quiet__studio"] == {"North": 4, "South": 4}
    found = json.loads(command("verify", finished.name, "--json", cwd=stocked.folder).stdout)
    assert (found["sound"], found["deviations"], found["files"]) == (True, [], 64)
    (finished / "audio" / "stranger.wav").write_bytes(b"")
    found = json.loads(command("verify", finished.name, "--json", cwd=stocked.folder, code=1).stdout)
    assert found["deviations"][0].keys() == {"where", "message", "remedy"}


def test_the_gravest_three_come_first_whatever_order_they_came_in(stocked):
    notes = [Note(f"{effect.word} {size}", effect, size=size) for effect in reversed(Effect) for size in (0.2, 0.9)]
    assert [str(note) for note in by_gravity(notes)[:3]] == ["confounded 0.9", "confounded 0.2", "too_weak 0.9"]
    brief = plan_brief(augment.plan(stocked.folder / "recipe.yaml"), "--details")
    assert all(columns(thing) <= LONGEST + len("  1. ") for thing in brief.things)


def test_without_texts_no_error_rate_is_promised(stocked):
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    stocked.manifest([{name: value for name, value in row.items() if name != "text"} for row in rows])
    (told,) = plan_brief(augment.plan(stocked.folder / "recipe.yaml"), "--details").shown
    assert told == "No utterance has a text: of this set no word error rate can be computed"


def test_a_difference_that_all_pairs_show_alike_is_said_of_any_two(workshop):
    workshop.corpus({"North": 4, "South": 4, "West": 4}, speakers=4)
    (first, *_) = plan_brief(augment.plan(workshop.recipe()), "--details").shown
    assert first.endswith("between any two groups") or "between any two groups:" in first
    rows = [json.loads(line) for line in (workshop.folder / "corpus.jsonl").read_text().splitlines()]
    workshop.manifest([{**row, "speaker": "w" if row["accent"] == "West" else row["speaker"]} for row in rows])
    (first, *_) = plan_brief(augment.plan(workshop.recipe()), "--details").shown
    assert "any two" not in first
    assert "West" in first


def test_noise_that_is_too_short_is_among_what_matters(stocked):
    stocked.noise("street/a.wav", 0.1 * np.random.default_rng(1).standard_normal(2 * RATE))
    planned = augment.plan(stocked.folder / "recipe.yaml")
    (note,) = (note for note in planned.notes if "heard again and again" in note.text)
    assert note.headline.endswith("lasts 2.0 s, heard again and again: record more")
    assert note.effect is Effect.CONFOUNDED


def test_two_spellings_of_an_accent_come_before_what_they_differ_in(stocked):
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    odd = [{**row, "accent": "north" if row["accent"] == "South" else row["accent"]} for row in rows]
    stocked.manifest(odd)
    first, *_ = plan_brief(augment.plan(stocked.folder / "recipe.yaml"), "--details").things
    assert first.startswith("  1. accent: values that are probably one: ")


def test_ways_of_saying_exclude_one_another(stocked):
    assert Manner.asked() is Manner.BRIEF
    done = command("plan", "recipe.yaml", "--quiet", "--details", cwd=stocked.folder, code=2)
    assert "--details --quiet" in done.stderr


LINES = st.text(st.sampled_from("ab-_/.  標語éｆ"), min_size=1, max_size=200)


@given(LINES, st.integers(20, 90))
def test_wrapped_text_fits_and_says_the_same(text, width):
    shown = fitted(text, width)
    assert all(columns(line) <= width for line in shown.split("\n"))
    assert "".join(shown.split()) == "".join(text.split())
    short = [word for word in text.split() if columns(word) <= width // 2]
    assert set(short) <= set(shown.split())


@given(
    st.lists(st.lists(st.text("ab標", min_size=1, max_size=12), min_size=4, max_size=4), min_size=1, max_size=4),
    st.integers(20, 60),
)
def test_wide_tables_are_split_or_turned_and_keep_their_cells(rows, width):
    shown = fitted(table(["one", "two", "three", "four"], rows), width)
    assert all(columns(line) <= width for line in shown.split("\n"))
    cells = {cell for row in rows for cell in row}
    assert "four" in shown
    assert {cell for cell in cells if columns(cell) <= width // 2} <= set(shown.split())


@given(st.text(st.characters(categories=["L", "N", "Zs"]), max_size=120), st.integers(2, 80))
def test_what_is_cut_fits(text, widest):
    assert columns(cut(text, widest)) <= widest
    assert cut(text, widest) == visible(text) or cut(text, widest).endswith("…")


def test_what_is_not_shown_on_a_terminal_is_not_wrapped(stocked, tmp_path: Path):
    told = command("plan", "recipe.yaml", "--details", cwd=stocked.folder).stdout
    plan = augment.plan(stocked.folder / "recipe.yaml")
    assert all(f"note: {note.text}" in told.split("\n") for note in plan.notes)


@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [(">&-", "plan recipe.yaml", 0), (">&-", "plan recipe.yaml --json", 0), (">&- 2>&-", "plan none.yaml", 2)],
)
def test_closed_streams_change_no_exit_code(stocked, closed, arguments, code):
    call = f"{shlex.quote(sys.executable)} -m augment.cli {arguments} {closed}"
    done = subprocess.run(["sh", "-c", call], capture_output=True, text=True, check=False, cwd=stocked.folder)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "fault of the program" not in done.stderr
