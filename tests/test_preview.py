"""A recipe to listen to before it is built: what is chosen, what is heard, how large it gets, and what is refused."""

import base64
import hashlib
import io
import json
import re
from contextlib import contextmanager
from dataclasses import replace
from html import escape, unescape

import numpy as np
import pytest
import scipy.signal
import soundfile

import augment
from augment.design.conditions import Condition, conditions, reference_condition
from augment.errors import AcoustigridError
from augment.progress import Silent
from augment.recipe.loader import load_recipe
from augment.report import preview_page
from augment.report.listening.choice import MOST_CELLS, Lane, grid_of, spread_over
from augment.report.listening.matrix import Heard, matrix_html, measured_words
from augment.report.page import is_page, page
from augment.report.players import MP3_RATES_HZ, audio_uri
from conftest import RATE, command, near, speech_like

CELL = re.compile(
    r'<div class="cell" role="group" aria-label="([^"]*)"><img src="[^"]*" alt="[^"]*"[^>]*>'
    r'<audio controls preload="none" src="([^"]*)" data-seconds="([^"]*)"[^>]*></audio><p>([^<]*)</p>'
)


def cells(path) -> dict[str, tuple[str, float, str]]:
    """Source, seconds and words of each cell of a page."""
    found = CELL.findall(path.read_text())
    return {unescape(name): (source, float(seconds), unescape(told)) for name, source, seconds, told in found}


def pcm_of(uri: str) -> np.ndarray:
    return soundfile.read(io.BytesIO(base64.b64decode(uri.partition(",")[2])), dtype="int16")[0]


@pytest.fixture(scope="module")
def of_stock(set_of_stock):
    """The page of the stocked workshop's recipe, and the rows of the set that was built from it."""
    made = augment.preview(set_of_stock.parent / "recipe.yaml", set_of_stock.parent / "preview.html")
    return made, list(map(json.loads, (set_of_stock / "manifest.jsonl").read_text().splitlines()))


def test_what_is_heard_and_told_is_what_a_build_writes(of_stock, set_of_stock):
    made, rows = of_stock
    found = cells(made.path)
    assert len(found) == 2 * 8
    shown = {row["utterance"] for row in made.page.grid.items.values()}
    built = {f"{row['group']}, {row['condition']}": row for row in rows if row["utterance"] in shown}
    assert set(built) == set(found)
    for name, (source, seconds, told) in found.items():
        row = built[name]
        assert np.array_equal(pcm_of(source), soundfile.read(set_of_stock / row["audio_filepath"], dtype="int16")[0])
        assert seconds == pytest.approx(row["duration"], abs=1e-6)
        assert told == measured_words(row)
    assert made.page.exact


def test_nothing_but_the_page_is_written_and_it_asks_for_nothing(of_stock, set_of_stock):
    made, _ = of_stock
    assert {path.name for path in set_of_stock.parent.iterdir()} == {
        "audio", "noise", "corpus.jsonl", "recipe.yaml", "set", "preview.html",
    }  # fmt: skip
    html = made.path.read_text()
    assert set(re.findall(r'(?:src|href)="([a-z]+:[a-z/]+)', html)) == {"data:image/png", "data:audio/flac"}
    assert "://" not in html
    assert html.count("<script>") == 1
    (allowed,) = re.findall(r"script-src 'sha256-([^']+)';", html)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    assert base64.b64decode(allowed) == hashlib.sha256(script.encode()).digest()


def test_chosen_utterances_and_conditions_stand_beside_the_control(stocked, tmp_path):
    out = tmp_path / "a.html"
    made = augment.preview(
        stocked.folder / "recipe.yaml", out, ["south_1"], ["scanner__handset", "street_0db__studio"], workers=1
    )
    assert [c.name for c in made.page.grid.conditions] == ["quiet__studio", "street_0db__studio", "scanner__handset"]
    items = made.page.grid.items
    blocks = {row["block"] for row in items.values()}
    assert {row["utterance"] for row in items.values() if row["group"] == "South"} == {"south_1"}
    assert len(blocks) == 1
    assert {row["group"] for row in items.values()} == {"North", "South"}
    assert len(cells(out)) == 6


class Steps(Silent):
    """Somebody who keeps what was done."""

    def __init__(self):
        self.done = []

    @contextmanager
    def step(self, name, total=None, unit="", done=0):
        self.done.append([name, total, unit, 0])
        yield self

    def advance(self, count=1, audio_s=0.0):
        self.done[-1][-1] += count


def test_progress_is_told_while_it_renders_and_writes(stocked, tmp_path):
    steps = Steps()
    augment.preview(stocked.folder / "recipe.yaml", tmp_path / "a.html", progress=steps)
    assert steps.done[-2:] == [["rendering", 2, "utterance", 2], ["writing the page", None, "", 0]]


def test_utterances_stand_under_the_pseudonyms_of_the_set(workshop, tmp_path):
    workshop.corpus({"North": 1, "South": 1}, seconds=0.6)
    (workshop.folder / "key").write_text("0123456789abcdef" * 4)
    planned = augment.plan(workshop.recipe(corpus="{path: corpus.jsonl, pseudonyms: key}"))
    html = augment.preview(planned, tmp_path / "a.html").path.read_text()
    assert "under the pseudonyms that a test set would give them; their voices are not changed" in html
    assert all(escape(name) in html for name in planned.items["utterance"].unique())
    assert "north_0" not in html


def test_unknown_names_are_told_at_once_with_the_nearest(stocked):
    with pytest.raises(AcoustigridError) as refused:
        augment.preview(stocked.folder / "recipe.yaml", stocked.folder / "a.html", ["south_11"], ["scaner__handset"])
    utterance, condition = map(str, refused.value.faults)
    assert utterance == "the plan has no utterance 'south_11' - did you mean 'south_1'?"
    assert condition == "the plan has no condition 'scaner__handset' - did you mean 'scanner__handset'?"
    assert not (stocked.folder / "a.html").exists()


def test_files_of_others_and_test_sets_are_left_alone(stocked, finished):
    recipe, theirs = stocked.folder / "recipe.yaml", stocked.folder / "theirs.html"
    theirs.write_text("<!DOCTYPE html><title>mine</title>")
    refused = command("preview", recipe, "--out", theirs, code=2).stderr
    assert (
        "there is a file that acoustigrid did not write - choose another name, or replace it with --replace" in refused
    )
    assert theirs.read_text() == "<!DOCTYPE html><title>mine</title>"
    refused = command("preview", recipe, "--out", finished / "preview.html", code=2).stderr
    assert "this folder is a test set" in refused
    assert "ends in .html" in command("preview", recipe, "--out", stocked.folder / "preview.txt", code=2).stderr
    only = ("--condition", "quiet__studio", "--out", theirs)
    told = command("preview", recipe, *only, "--replace").stdout
    assert re.search(r"theirs\.html: 2 of 64 items, exact sound, 0\.\d MB; open it in a browser", told)
    assert "1 of 8 conditions are shown: --condition NAME shows other conditions" in told
    theirs.write_bytes(page("an older page of ours", ""))
    command("preview", recipe, *only)
    assert is_page(theirs.read_bytes())
    assert len(cells(theirs)) == 2


def test_a_page_that_gets_too_large_is_compressed_and_then_cut(stocked, tmp_path, monkeypatch):
    recipe = stocked.folder / "recipe.yaml"
    whole = augment.preview(recipe, tmp_path / "whole.html")
    size = len(whole.page.html)
    monkeypatch.setattr(preview_page, "ROOM_BYTES", size - 30_000)
    smaller = augment.preview(recipe, tmp_path / "smaller.html")
    assert not smaller.page.exact
    assert len(cells(smaller.path)) == 16
    assert len(smaller.page.html) < size - 30_000 + 20_000
    assert "compressed sound (MP3)" in smaller.path.read_text()
    monkeypatch.setattr(preview_page, "ROOM_BYTES", 100_000)
    cut = augment.preview(recipe, tmp_path / "cut.html")
    kept = [c.name for c in cut.page.grid.conditions]
    assert kept[0] == "quiet__studio"
    assert len(cells(cut.path)) == 2 * len(kept) < 16
    assert f"Shown are {len(kept)} of 8 conditions; --condition NAME shows other conditions." in cut.path.read_text()
    assert len(cut.page.html) < 120_000


def test_samples_beyond_what_a_page_holds_are_not_rendered(stocked, monkeypatch):
    planned = augment.plan(stocked.folder / "recipe.yaml")
    grid = grid_of(items_of(planned), planned.conditions, planned.conditions[0])
    each = sum(row["samples"] / RATE for (name, _), row in grid.items.items() if name == "quiet__studio")
    fits = preview_page.within(grid, seconds=3.01 * each)
    assert len(fits.conditions) == 3
    assert fits.control in fits.conditions
    assert [c.name for c in preview_page.within(grid, seconds=0.1).conditions] == ["quiet__studio"]


def test_what_cannot_be_made_is_told_on_the_page_and_by_the_exit_code(stocked, tmp_path, monkeypatch):
    import augment.api.previewing as previewing
    from augment.render import Failed

    real = previewing.render_utterance

    def failing(job, utterance):
        for made in real(job, utterance):
            yield Failed(made.condition, "<b>no</b>") if made.condition.name == "scanner__studio" else made

    monkeypatch.setattr(previewing, "render_utterance", failing)
    out = tmp_path / "a.html"
    told = command("preview", stocked.folder / "recipe.yaml", "--out", out, code=1)
    assert "under scanner__studio: <b>no</b>" in told.stderr
    assert "under scanner__studio: &lt;b&gt;no&lt;/b&gt;</li>" in out.read_text()
    assert len(cells(out)) == 14


@pytest.mark.parametrize("rate", MP3_RATES_HZ)
def test_compressed_sound_is_as_long_and_as_loud(rate):
    sound = np.rint(20000 * speech_like(1.7, 3, rate)).astype(np.int16)
    found = pcm_of(audio_uri(sound, rate, smaller=True))
    assert abs(found.size - sound.size) <= 1
    power = np.mean(np.square(found, dtype=float)) / np.mean(np.square(sound, dtype=float))
    assert power == pytest.approx(1, abs=0.1)
    shared = min(found.size, sound.size)
    together = scipy.signal.correlate(found[:shared].astype(float), sound[:shared].astype(float))
    assert np.argmax(together) == shared - 1  # shifted by no sample
    assert near(pcm_of(audio_uri(sound, rate)), sound, 0)


def test_a_rate_that_mp3_does_not_have_stays_exact():
    assert audio_uri(np.zeros(800, np.int16), 20000, smaller=True).startswith("data:audio/flac;")


def items_of(planned):
    return [{**row, "sample_rate": RATE} for row in planned.items.iter_rows(named=True)]


def row(group, block, text, seconds, condition="quiet", utterance=None):
    samples = round(seconds * RATE)
    return {"group": group, "block": block, "text": text, "samples": samples, "sample_rate": RATE,
            "condition": condition, "utterance": utterance or f"{group}{block}"}  # fmt: skip


def of(*names):
    return tuple(Condition(name, tuple(enumerate(name.split("__"))), ()) for name in names)


def test_utterances_with_the_same_text_are_chosen_and_then_those_of_like_length():
    rows = [
        *(row(group, 0, f"text of {group}", 2.0) for group in "AB"),
        row("A", 1, "Lie  still.", 2.0), row("B", 1, "lie still.", 3.9),
        row("A", 2, "a", 2.0), row("B", 2, "b", 2.1),
    ]  # fmt: skip
    grid = grid_of(rows, of("quiet"), *of("quiet"))
    assert {item["block"] for item in grid.items.values()} == {1}
    assert grid.alike == "The utterances have the same text, and they last 2.0 to 3.9 s."
    loud = replace(next(c for c in conditions(load_recipe("demo")) if not c.clean), name="quiet")
    assert grid_of(rows, (loud,), loud).alike == f"{grid.alike} They hear the same noise."
    without = grid_of([one for one in rows if one["block"]], of("quiet"), *of("quiet"))
    assert {item["block"] for item in without.items.values()} == {1}
    unlike = grid_of([one for one in rows if one["block"] != 1], of("quiet"), *of("quiet"))
    assert {item["block"] for item in unlike.items.values()} == {0}
    assert unlike.alike.startswith("The utterances have different texts, and they last 2.0 to 2.0 s.")


def test_long_utterances_are_avoided():
    rows = [row("A", 0, "same", 40.0), row("B", 0, "same", 40.0), row("A", 1, "a", 2.0), row("B", 1, "b", 3.0)]
    assert {item["block"] for item in grid_of(rows, of("quiet"), *of("quiet"), longest_s=10).items.values()} == {1}


def test_where_utterances_take_turns_each_row_has_one_block_and_says_whose_words_they_are():
    rows = [row(group, 0, "first", 2.0, "quiet") for group in "AB"]
    rows += [row(group, 1, f"second {group}", 2.0, "fan") for group in "AB"]
    grid = grid_of(rows, of("quiet", "fan"), *of("quiet"))
    assert grid.items["quiet", Lane("A")]["block"] == grid.items["quiet", Lane("B")]["block"] == 0
    assert grid.items["fan", Lane("A")]["block"] == grid.items["fan", Lane("B")]["block"] == 1
    assert {item["text"] for item in grid.heads().values()} == {"first"}


def test_many_conditions_are_cut_to_those_that_show_most_settings():
    every = of(*(f"n{a}__d{b}" for a in range(12) for b in range(5)))
    chosen = spread_over(every, every[0], 12)
    assert {c.settings[0] for c in chosen} == {(0, f"n{a}") for a in range(12)}
    assert {c.settings[1] for c in chosen} == {(1, f"d{b}") for b in range(5)}
    rows = [row(f"g{n}", 0, "t", 1.0, c.name) for n in range(8) for c in every]
    grid = grid_of(rows, every, every[0])
    assert len(grid.items) == MOST_CELLS
    assert grid.cut == "12 of 60 conditions and 6 of 8 groups"
    both = "--condition NAME shows other conditions, --utterance ID shows other groups"
    assert preview_page.others_of(grid) == both
    few = grid_of([one for one in rows if one["condition"] == every[0].name], every[:1], every[0])
    assert (few.cut, preview_page.others_of(few)) == ("6 of 8 groups", "--utterance ID shows other groups")
    assert [c.name for c in grid.conditions] == [c.name for c in every if c in grid.conditions]


LOUD, SOFT = ([{"kind": "equipment_noise", "profile": "mri_epi", "snr_db": snr}] for snr in (0, 20))
HUM = [{"kind": "line_noise", "profile": "ground_loop_50", "snr_db": 30}]
PHONE = [{"kind": "microphone", "profile": "itu_p48_handset"}]


@pytest.mark.parametrize(
    ("noise", "device", "more", "name", "clean"),
    [
        ({"loud": LOUD, "soft": SOFT}, {"raw": []}, {}, "soft__raw", False),
        ({"loud": LOUD, "quiet": []}, {"phone": PHONE, "raw": []}, {}, "quiet__raw", True),
        ({"quiet": []}, {"hum": HUM, "phone": PHONE}, {}, "quiet__phone", True),
        ({"quiet": []}, {"hum": HUM}, {}, "quiet__hum", False),
        ({"loud": LOUD, "quiet": []}, {"raw": [], "phone": PHONE},
         {"design": "one_at_a_time", "reference": {"noise": "quiet", "device": "phone"}}, "quiet__phone", True),
        ({"loud": LOUD, "quiet": []}, {"raw": [], "phone": PHONE}, {"design": "one_at_a_time"}, "loud__raw", False),
    ],
)  # fmt: skip
def test_what_others_are_compared_with_is_the_recipes_reference_or_the_least_disturbed(
    noise, device, more, name, clean
):
    demo = load_recipe("demo").recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)
    loaded = load_recipe({**demo, "factors": {"noise": noise, "device": device}, **more}, load_recipe("demo").base)
    found = reference_condition(conditions(loaded), loaded)
    assert (found.name, found.clean) == (name, clean)
    grid = grid_of([row("A", 0, "t", 1.0, c.name) for c in conditions(loaded)], conditions(loaded), found)
    html = matrix_html(grid, {place: Heard("x", None, item) for place, item in grid.items.items()}, {})
    assert html.count("the clean control") == clean
    assert html.count("(compared with)") == (not clean)
    assert f"go to {'the control' if clean else 'the row to compare with'} and back" in html


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        ({"speech_level_dbov": -26.04, "speech_level_at": "file"}, "no noise added; speech -26.0 dBov in the file"),
        (
            {"snr_db": -2.0, "speech_level_dbov": -26.0, "speech_level_at": "before line.gsm",
             "speech_level_out_dbov": -24.96},
            "SNR -2.0 dB at the microphone; speech -26.0 dBov before line.gsm; "
            "the speech alone, behind codec and gain control: -25.0 dBov",
        ),
        (
            {"snr_db": 0.04, "speech_level_dbov": -31.0, "speech_level_at": "file", "headroom_gain_db": -5.0},
            "SNR 0.0 dB at the microphone; speech -31.0 dBov in the file, made 5.0 dB softer against clipping",
        ),
    ],
)  # fmt: skip
def test_levels_in_words_say_where_they_were_measured(measured, told):
    assert measured_words(measured) == told
