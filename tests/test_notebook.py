"""What notebooks show: well-formed HTML with the manifest's figures, in which texts of strangers are text."""

import base64
import io
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

import augment
from augment.api import presenting
from augment.api.presenting import MOST_COLUMNS, MOST_ROWS
from augment.errors import AcoustigridError, Fault, TestSetError
from augment.report.notebook import lines
from augment.showing import html_of, picture_of, player_of
from conftest import RATE, stock

ODD = "<script>alert(1)</script>"


class Part(HTMLParser):
    """A part of a page: its tables, its text, its tags, and the sounds in it with what they are called."""

    def __init__(self, thing):
        super().__init__()
        self.tags, self.text, self.open, self.tables, self.sounds = [], [], [], [], {}
        self.feed(thing._repr_html_())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        told = dict(attributes)
        if tag not in ("br", "wbr", "img"):
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "audio":
            assert told["src"].startswith("data:audio/flac;base64,")
            assert "controls" in told
            pcm = soundfile.read(io.BytesIO(base64.b64decode(told["src"].partition(",")[2])), dtype="int16")
            self.sounds[told["aria-label"]] = pcm
        assert "://" not in "".join(value or "" for value in told.values())

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data


@pytest.fixture
def testset(finished):
    return augment.open(finished)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    from conftest import Workshop

    return augment.plan(stock(Workshop(tmp_path_factory.mktemp("notebook"))).folder / "recipe.yaml")


def test_each_is_one_line(planned, testset, finished):
    items = augment.render_utterance(planned, planned.items["utterance"][0])
    hours = f"{testset.hours:.2f} h"
    assert repr(planned) == f"<Plan 'stocked': 2 groups x 8 conditions, 64 items, {hours}>"
    assert repr(testset) == f"<TestSet 'stocked': 2 groups x 8 conditions, 64 items, {hours}>"
    assert repr(items) == "<Renderings: 8 conditions of one utterance, quiet__studio to scanner__handset>"
    assert repr(items["scanner__studio"]).endswith(f"s at {RATE} Hz, SNR 5.0 dB at the microphone>")
    assert repr(items["quiet__studio"]).endswith("no noise added>")
    verdict = testset.verify(sample=1)
    assert repr(verdict) == f"<Verdict on '{finished}': all as it should be; 64 files read, 1 item rendered again>"


def test_tables_hold_the_figures_of_the_manifest(planned, testset, finished):
    rows = [json.loads(line) for line in (finished / "manifest.jsonl").read_text().splitlines()]
    cells = Counter((row["condition"], row["group"]) for row in rows)
    names = list(dict.fromkeys(row["condition"] for row in rows))
    wanted = [[name, str(cells[name, "North"]), str(cells[name, "South"])] for name in names]
    for thing in (planned, testset):
        (table,) = Part(thing).tables
        assert table == [["condition", "North", "South"], *wanted]
    (drawn,) = Part(planned.plot()).tables
    assert [[row[0], *row[2:]] for row in drawn[1:]] == wanted
    assert all(note in "".join(Part(testset).text) for note in testset.notes)


def test_the_plot_of_a_set_draws_what_was_measured(testset):
    picture = testset.plot()
    assert "scanner__studio" in picture.html
    assert "quiet__studio" not in picture.html
    told = " ".join(Part(picture).text)
    assert re.search(r"scanner__studio.*5\.0", told)
    assert ElementTree.fromstring(picture.svg).tag.endswith("svg")
    texts = {element.text for element in ElementTree.fromstring(picture.svg).iter() if element.tag.endswith("text")}
    assert {"North", "South"} <= texts


def test_pictures_have_no_colours_of_their_own(planned, testset):
    for picture in (planned.plot(), testset.plot()):
        without_sound = re.sub(r"data:[^\"]*", "", picture.html)
        assert not re.search(r"(?:fill|stroke|color|background)[:=]\"?#", without_sound)


def test_players_play_the_files_of_the_set(testset, finished):
    rows = {row["id"]: row for row in testset.frame.rows(named=True)}
    every = Part(testset.play()).sounds
    assert len(every) == 2 * 8
    for label, (pcm, rate) in every.items():
        row = rows[label.partition(": ")[0]]
        wanted, _ = soundfile.read(finished / row["audio_filepath"], dtype="int16")
        assert (rate, np.array_equal(pcm, wanted)) == (row["sample_rate"], True)
    assert len({rows[label.partition(": ")[0]]["block"] for label in every}) == 1
    some = Part(testset.play(condition="scanner__studio", group="South")).sounds
    assert [rows[label.partition(": ")[0]]["condition"] for label in some] == ["scanner__studio"]
    (label,) = Part(testset.play(next(iter(rows)))).sounds
    assert label.startswith(next(iter(rows)))
    with pytest.raises(
        TestSetError, match=r"there is no condition 'scaner__studio' - did you mean(.|\n)*no group 'East'"
    ):
        testset.play(condition="scaner__studio", group="East")


def test_a_plan_is_heard_before_it_is_built(planned, testset):
    sounds = Part(planned.play(condition="scanner__handset")).sounds
    assert {label.partition(" under ")[2] for label in sounds} == {"scanner__handset", "quiet__studio"}
    rows = {(row["utterance"], row["condition"]): row["id"] for row in testset.frame.rows(named=True)}
    for label, (pcm, rate) in sounds.items():
        utterance, _, condition = label.partition(" under ")
        samples, wanted = testset.audio(rows[utterance, condition])
        assert (rate, np.array_equal(pcm, np.round(samples * 32768))) == (wanted, True)
    with pytest.raises(AcoustigridError, match="the plan has no utterance 'nobody'"):
        planned.play("nobody")


def test_items_are_drawn_and_played(planned):
    items = augment.render_utterance(planned, planned.items["utterance"][0])
    item = items["scanner__studio"]
    ((pcm, rate),) = Part(item.play()).sounds.values()
    assert (rate, np.array_equal(pcm, item.pcm)) == (RATE, True)
    assert len(Part(items.play()).sounds) == len(items) == 8
    shown = {row[0]: row[1] for row in Part(item).tables[0]}
    assert float(shown["snr_db"]) == item.measured["snr_db"]
    drawn = ElementTree.fromstring(items.plot().svg)
    images = [element for element in drawn.iter() if element.tag.endswith("image")]
    assert len(images) == 8
    assert all(image.get("href").startswith("data:image/png;base64,") for image in images)
    assert f"{item.pcm.size / RATE:.2f} s" in item.plot().html


def test_verdicts_audits_and_scores_are_shown(testset, finished, stocked, tmp_path):
    (finished / "datasheet.md").write_text(ODD)
    verdict = testset.verify(sample=0)
    found = Part(verdict).tables[0]
    assert str(finished / "datasheet.md").startswith(found[1][0].rstrip("…"))
    audit = augment.audit(stocked.folder / "recipe.yaml")
    assert [row[:3] for row in Part(audit).tables[0][1:]] == [["North", "4", "2"], ["South", "5", "2"]]
    lines = (json.dumps({"id": row, "text": "sentence"}) + "\n" for row in testset.frame["id"])
    (tmp_path / "one.jsonl").write_text("".join(lines))
    scores = testset.score({ODD: tmp_path / "one.jsonl"})
    part = Part(scores)
    assert part.tables[0][1][1:] == ["50.0 %", "50.0 %"]
    assert "script" not in {*part.tags, *Part(scores.plot()).tags}
    assert ODD in "".join(part.text)


def test_a_preview_is_a_line_and_what_failed(planned, tmp_path):
    """And not the page, which is a megabyte."""
    shown = augment.preview(planned, tmp_path / "p.html")
    assert repr(shown) == f"<Preview of 'stocked' in {tmp_path / 'p.html'}: 8 conditions x 2 utterances>"
    failed = replace(shown, failures=(f"quiet__studio: {ODD}",))
    assert repr(failed).endswith("2 utterances, 1 could not be rendered>")
    assert ODD in "".join(Part(failed).text)
    assert "script" not in Part(failed).tags


def test_texts_of_strangers_are_text(workshop):
    rows = workshop.corpus({"North": 1, "South": 1}, seconds=0.6)
    for row in rows:
        row |= {"accent": f'{row["accent"]} "{ODD}', "text": f"'{ODD}\u202e", "speaker": ODD}
    workshop.manifest(rows)
    plan = augment.plan(workshop.recipe())
    result = augment.build(plan, workshop.folder / "set")
    testset = result.testset
    shown = [plan, plan.plot(), plan.play(), result, testset, testset.plot(), testset.play(), testset.verify(sample=0)]
    shown += [augment.audit(workshop.recipe(), sample=0)]
    for thing in shown:
        part = Part(thing)
        assert "script" not in part.tags, thing
        assert "\u202e" not in thing._repr_html_()
    assert any(ODD in cell for row in Part(testset).tables[0] for cell in row)
    ElementTree.fromstring(testset.plot().svg)


def test_what_is_too_large_for_a_notebook_is_cut_and_told(workshop):
    groups = {f"g{n:02d}": 1 for n in range(MOST_COLUMNS + 1)}
    workshop.corpus(groups, seconds=0.6)
    part = Part(augment.plan(workshop.recipe()))
    assert len(part.tables[0][0]) == 1 + MOST_COLUMNS
    assert f"{MOST_COLUMNS} of {MOST_COLUMNS + 1} groups" in "".join(part.text)


def test_a_notebook_keeps_so_many_samples_and_says_what_it_leaves_out(planned, testset, monkeypatch):
    (first, *_), sounds = testset.conditions, Part(testset.play()).sounds
    held = sum(pcm.size for label, (pcm, _) in sounds.items() if f"__{first}: " in label)
    monkeypatch.setattr(presenting, "MOST_SAMPLES", 3.1 * held)
    for player in (testset.play(), planned.play()):
        part = Part(player)
        assert len(part.sounds) == 2 * 3
        assert "3 of 8 conditions are played here" in "".join(part.text)


def test_rows_that_are_left_out_of_a_notebook_are_counted(planned, testset, finished, stocked, tmp_path, monkeypatch):
    verdict, audit = testset.verify(sample=0), augment.audit(stocked.folder / "recipe.yaml")
    lost = replace(verdict, deviations=(Fault("a", "b"),) * 500)
    texts = "".join(json.dumps({"id": row, "text": "sentence"}) + "\n" for row in testset.frame["id"])
    (tmp_path / "one.jsonl").write_text(texts)
    scores = testset.score({"one": tmp_path / "one.jsonl"})
    items = augment.render_utterance(planned, planned.items["utterance"][0])
    assert f"{MOST_ROWS} of 500 deviations are shown here" in "".join(Part(lost).text)
    for bound in ("MOST_ROWS", "MOST_COLUMNS"):
        monkeypatch.setattr(presenting, bound, 1)
    told = ["".join(Part(thing).text) for thing in (audit, scores, items)]
    assert "1 of 2 groups are shown here" in told[0]
    assert "1 of 8 conditions and 1 of 2 groups are shown here" in told[1]
    assert "1 of 8 conditions are shown here" in told[2]


def test_failures_are_all_counted():
    told = lines("failure", map(str, range(500)), MOST_ROWS)
    assert "<summary>500 failures</summary>" in told
    assert told.count("<li>") == MOST_ROWS
    assert f"{MOST_ROWS} of 500 failures are shown here" in told


def test_without_an_answer_a_line_is_shown():
    assert html_of(object()) is None
    for ask in (picture_of, player_of):
        with pytest.raises(TypeError, match="a dict"):
            ask({})
