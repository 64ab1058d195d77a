"""The data sheet, the Croissant description, and which labels leave the corpus."""

import hashlib
import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
import soundfile

import augment
from augment.design.conditions import Condition, reference_condition
from augment.errors import DesignError
from augment.notes import Effect
from augment.report.datasheet_page import datasheet_page
from augment.report.frames import Measured
from augment.report.listening.choice import grid_of
from augment.report.listening.of_set import SetSounds
from augment.report.page import markdown_html
from augment.report.pictures.evenness import exposure_of
from augment.report.pictures.grid import cells_of
from augment.report.pictures.of_set import SetPictures
from augment.report.text import table
from conftest import RATE
from forgery import Forger

SECTIONS = [
    "Groups", "Conditions", "Where the figures behind them come from", "Files in each cell", "What was measured",
    "What a cell can show", "What it is not", "What the planner noted", "Licences and credits",
    "What it says of people", "How it was made",
]  # fmt: skip
DRAWN = ["The design", "To listen to", "SNR, as measured", "Noises", "Devices", "Balance and exposure"]


@pytest.fixture
def built(stocked):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(
        recipe.read_text() + "licences: {sources: {noise/street: {licence: CC-BY-4.0, credit: A. Person}}}\n"
    )
    result = augment.build(recipe, stocked.folder / "set")
    return result, (result.folder / "datasheet.md").read_text()


def test_the_data_sheet_says_what_the_set_says(built):
    result, sheet = built
    identity = json.loads((result.folder / "testset.json").read_text())
    assert re.findall(r"^## (.*)$", sheet, re.MULTILINE) == SECTIONS
    assert sheet.startswith("# Data sheet: stocked\n")
    assert all(told in sheet for told in result.overview.texts)
    for line in (*identity["limits"], *identity["notes"]):
        assert f"- {line}\n" in sheet
    assert "64 of 64 files" in sheet
    assert re.search(r"^quiet__studio +nothing: the control$", sheet, re.MULTILINE)
    assert re.search(r"scanner__studio +equipment_noise \(snr_db: 5\.0, .*profile: mri_epi", sheet)
    assert "- `mri_epi` (MRI scanner, echo-planar imaging): Foster 2000" in sheet
    assert re.search(r"- `mri_epi` .*estimate: ", sheet)
    assert re.search(r"noise/street/a\.wav +CC-BY-4\.0 +\d+ +A\. Person", sheet)
    assert "Licence of the set: CC-BY-4.0 AND NOASSERTION" in sheet
    assert str(result.folder.parent) not in sheet


def test_a_forbidden_mixture_stands_in_the_data_sheet(stocked):
    recipe = stocked.folder / "recipe.yaml"
    recipe.write_text(
        recipe.read_text().replace("corpus.jsonl}", "corpus.jsonl, licence: CC-BY-SA-4.0}")
        + "licences: {sources: {noise/street: {licence: GPL-2.0}}, allow: 'J. Doe, 2026: in the house'}\n"
    )
    sheet = (augment.build(recipe, stocked.folder / "set").folder / "datasheet.md").read_text()
    assert "**It holds mixtures that licences forbid**: CC-BY-SA-4.0 asks" in sheet
    assert "Allowed by: J. Doe, 2026: in the house" in sheet


def test_croissant_describes_every_column_and_the_file(built):
    result, _ = built
    said = json.loads((result.folder / "croissant.json").read_text())
    rows = [json.loads(line) for line in (result.folder / "manifest.jsonl").read_text().splitlines()]
    records, conditions = said["recordSet"]
    assert {row["conditions/name"]: row["conditions/factor_noise"] for row in conditions["data"]} == {
        row["condition"]: row["noise"] for row in rows
    }
    assert {row["conditions/words"] for row in conditions["data"]} <= set(said["keywords"])
    assert said["conformsTo"][:2] == [f"http://mlcommons.org/croissant/1.{minor}" for minor in (1, 0)]
    assert [field["name"] for field in records["field"]] == list(rows[0])
    kinds = {field["name"]: field["dataType"] for field in records["field"]}
    assert (kinds["text"], kinds["block"], kinds["snr_db"]) == ("sc:Text", "sc:Integer", "sc:Float")
    table = said["distribution"][0]
    assert table["sha256"] == hashlib.sha256((result.folder / table["contentUrl"]).read_bytes()).hexdigest()
    assert list(result.folder.glob(said["distribution"][1]["includes"]))
    assert said["license"] == ["CC-BY-4.0"]
    assert any("Lombard" in limit for limit in said["rai:dataLimitations"])


@pytest.mark.parametrize(
    ("labels", "kept"), [("used", {"accent"}), ("all", {"accent", "age", "town"}), ("[town]", {"accent", "town"})]
)
def test_labels_leave_the_corpus_when_they_are_used_or_asked_for(workshop, labels, kept):
    rows = [{**row, "age": "30", "town": "Leeds"} for row in workshop.corpus({"North": 1, "South": 1})]
    workshop.manifest(rows)
    folder = augment.build(workshop.recipe(output=f"{{labels: {labels}}}"), workshop.folder / "set").folder
    written = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert {"accent", "age", "town"} & set(written[0]) == kept
    for path in ("manifest.jsonl", "manifest.csv", "croissant.json"):
        assert ("Leeds" in (folder / path).read_text() or "town" in (folder / path).read_text()) == ("town" in kept)
    assert set(augment.plan(workshop.recipe()).items.columns) & {"age", "town"} == set()


def test_labels_that_the_corpus_does_not_have(workshop):
    workshop.corpus({"North": 1, "South": 1})
    with pytest.raises(DesignError, match=r"output\.labels names 'acent'.*did you mean 'accent'"):
        augment.plan(workshop.recipe(output="{labels: [acent]}"))


class Page(HTMLParser):
    """Elements of a page that must be closed, its text, and what it names."""

    def __init__(self, html):
        super().__init__()
        self.open, self.text, self.sources, self.tags = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in ("meta", "path", "circle", "img", "br", "wbr"):
            self.open.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href", "xlink:href")]

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_says_what_the_data_sheet_says(built):
    result, sheet = built
    html = (result.folder / "datasheet.html").read_text()
    page = Page(html)
    assert page.open == []
    words = " ".join(" ".join(page.text).split())
    for section in (*DRAWN, *SECTIONS):
        assert section in words
    plain = re.sub(r"^#+ |^```|`|\*\*|^- |^-+(  -+)*$|^    ", " ", sheet, flags=re.MULTILINE)
    missing = [word for word in plain.split() if word not in words]
    assert not missing
    assert "://" not in html.replace("http://www.w3.org", "")


def test_the_page_plays_one_utterance_of_each_group_in_every_condition(built):
    result, _ = built
    rows = {
        row["audio_filepath"]: row
        for row in map(json.loads, (result.folder / "manifest.jsonl").read_text().splitlines())
    }
    sources = Page((result.folder / "datasheet.html").read_text()).sources
    heard = [rows[unquote(source)] for source in sources if not source.startswith("data:image/png;")]
    assert len(heard) == len(sources) - len(heard) == 2 * 8
    assert {(row["group"], row["condition"]) for row in heard} == {
        (row["group"], row["condition"]) for row in rows.values()
    }
    assert len({row["utterance"] for row in heard}) == 2
    assert len({row["block"] for row in heard}) == 1


def test_the_page_shows_markup_and_does_not_obey_it(workshop):
    rows = workshop.corpus({"North": 2, "South": 2}, seconds=0.6)
    odd = "<script>alert(1)</script>"
    for row in rows:
        row |= {"accent": f'{row["accent"]} "{odd}"', "text": f"\"{odd}'", "speaker": odd + row["speaker"]}
    workshop.manifest(rows)
    recipe = workshop.recipe(about=json.dumps(f"{odd} [a](javascript:alert(2)) <img src=x onerror=alert(3)>"))
    page = Page((augment.build(recipe, workshop.folder / "set").folder / "datasheet.html").read_text())
    assert page.open == []
    assert page.tags.count("script") == 1  # ours
    assert "a" not in page.tags
    assert all(source.startswith(("data:image/png;base64,", "audio/")) for source in page.sources)
    assert odd in " ".join(page.text)


ROW = {"block": 0, "id": "i", "utterance": "u", "text": "t", "samples": RATE, "sample_rate": RATE, "condition": "fan"}
ROW |= {"snr_db": None}


def page_of(rows):
    """The page of rows whose sound nobody can read."""
    names = dict.fromkeys(row["condition"] for row in rows)
    conditions = [Condition(name, (("noise", name),), ()) for name in names]
    sheet = "# Data sheet: x\n\nabout\n\n## Rest\n\nend\n"
    grid = grid_of(rows, conditions, reference_condition(conditions, augment.load_recipe("demo")))
    pictures = SetPictures(cells_of(rows), exposure_of(rows))
    return datasheet_page(sheet, SetSounds(grid, {}, lambda name: None), pictures).decode()


def test_pictures_and_tables_hold_what_was_measured():
    row = {**ROW, "group": "a", "audio_filepath": "audio/x y/i#.flac", "snr_db": 5.0}
    rows = [{**row, "condition": "fan", "snr_delivered_db": float(level)} for level in (1, 2, 3, 4, 9)]
    html = page_of(rows)
    assert "fan: SNR 5.0 dB at the microphone, 1.0 to 9.0 dB delivered" in html
    # 0 to 10 dB from 14 to 338: the line from 1 to 9 dB, thick from 2 to 4, the mark in the middle.
    assert '<path d="M46.4 32H305.6" ' in html
    assert '<path d="M78.8 32H143.6" ' in html
    assert '<path d="M176.0 32m-4 0a4' in html
    assert '<td class="heat">5.0<small>delivered 3.0 dB</small></td>' in html
    assert '<td class="heat h5">5</td>' in html
    assert 'src="audio/x%20y/i%23.flac"' in html
    assert "SNR, as measured" not in page_of([{**row, "condition": "quiet", "snr_db": None}])


def test_noise_of_a_device_is_noise_though_it_does_not_pass_the_microphone():
    row = {**ROW, "group": "a", "audio_filepath": "i.flac", "noise_step": "device/bad/line_noise"}
    html = page_of([{**row, "condition": "bad", "snr_delivered_db": 10.0}, {**row, "condition": "worse"}])
    assert html.count("SNR 10.0 dB as delivered (noise of the device)") == 3  # drawn, in the table, in the grid
    assert "<title>a: 10.0 dB</title>" in html
    assert "marks are of the SNR as delivered" in html
    assert html.count("noise of the device, its SNR as delivered not known") == 2
    assert "no noise" not in html


def test_text_tables_become_tables_with_the_same_cells():
    rows = [["a b", "1.5", "x"], ["", "-2", "y  z"]]
    text = f"before\n{table(['first one', 'n', 'last'], rows)}\na remark that is long enough for all columns\n\nend"
    html = markdown_html(f"```\n{text}\n```")
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in re.findall(r"<tr>.*?</tr>", html)[1:]]
    assert cells == rows
    assert re.findall('<th scope="col">(.*?)</th>', html) == ["first one", "n", "last"]
    assert html.startswith('<p class="remark">before</p>')
    assert "a remark that is long enough for all columns</p>" in html


def test_a_fence_in_the_recipe_does_not_swallow_the_sheet(workshop):
    workshop.corpus({"North": 1, "South": 1}, seconds=0.6)
    recipe = workshop.recipe(about=json.dumps("as it came:\n```\ncode\n~~~\nmore"))
    html = (augment.build(recipe, workshop.folder / "set").folder / "datasheet.html").read_text()
    assert re.findall("<h2>(.*?)</h2>", html)[-len(SECTIONS) :] == SECTIONS
    assert "```" in " ".join(Page(html).text)


def test_conditions_stand_in_the_order_of_the_grid_whoever_meets_them_first(workshop):
    workshop.corpus({"North": 4, "South": 4})
    steps = {
        "hum": {"kind": "equipment_noise", "profile": "mains_hum_50", "snr_db": 5},
        "fan": {"kind": "equipment_noise", "profile": "ventilation_fan", "snr_db": 5},
        "pink": {"kind": "coloured_noise", "colour": "pink", "snr_db": 5},
    }
    grid = json.dumps({"noise": {"quiet": [], **{name: [step] for name, step in steps.items()}}})
    recipe = workshop.recipe(factors=grid, assignment="{rotated: 1}")
    html = (augment.build(recipe, workshop.folder / "set").folder / "datasheet.html").read_text()
    design = html.partition("<h2>The design</h2>")[2].partition("<h2>")[0]
    places = [design.index(f">{name}<") for name in ("quiet", "hum", "fan", "pink")]
    assert places == sorted(places)


def test_what_groups_differ_in_is_in_the_identity(workshop):
    rows = workshop.corpus({"North": 4, "South": 4}, speakers=4)
    for row in rows:
        if row["accent"] == "South":
            samples, rate = soundfile.read(workshop.folder / row["audio_filepath"])
            soundfile.write(workshop.folder / row["audio_filepath"], samples[::2], rate // 2)
    planned = augment.plan(workshop.recipe())
    told = json.loads((augment.build(planned, workshop.folder / "set").folder / "testset.json").read_text())
    confounds = {note.headline for note in planned.notes if note.effect is Effect.CONFOUNDED}
    assert any("bandwidth" in said or "sample rate" in said for said in confounds)
    assert set(told["groups_differ_in"]) == confounds


def test_many_groups_are_not_all_played_and_the_page_says_so():
    rows = [{**ROW, "group": f"g{n}", "audio_filepath": f"audio/fan/{n}.flac"} for n in range(9)]
    html = page_of(rows)
    assert html.count("<audio") == 6
    assert "6 of 9 groups" in html


def test_noises_of_a_row_are_added_as_powers():
    """Two of equal level are 3 dB more; a third, 10 dB below, adds 0.2 dB."""
    row = {"condition": "ward", "snr_requested_db": None, "snr_db": 0.0, "snr_a_weighted_db": 0.0}
    row |= {"snr_delivered_db": 0.0, "headroom_gain_db": 0.0, "loudness_lufs": None, "speech_level_dbspl": 60.0}
    row |= {"noise_level_dba": 60.0, "noise2_level_dba": 60.0, "noise3_level_dba": 50.0, "noise4_level_dba": None}
    assert str(Measured.of([row])).split("\n")[2].split()[-2:] == ["63.2", "0"]


def test_a_forged_picture_is_found(finished):
    """Whoever exchanges two pictures, and every checksum of the set after that."""
    forger = Forger(finished)
    html = (finished / "datasheet.html").read_text()
    first, second = list(dict.fromkeys(re.findall(r"data:image/png;base64,[\w+/=]+", html)))[:2]
    forged = html.replace(first, "?").replace(second, first).replace("?", second, 1)
    forger.write("datasheet.html", forged.encode())
    forger.seal()
    told = [str(fault) for fault in augment.verify(finished, sample=0).deviations]
    assert [fault for fault in told if "datasheet.html: is not what its recipe" in fault] == told != []


def rows_of(folder):
    return list(map(json.loads, (folder / "manifest.jsonl").read_text().splitlines()))


def test_a_file_that_cannot_be_read_is_missing_on_the_page_and_stops_nothing(finished):
    quiet = Condition("quiet__studio", (), ())
    html = SetSounds(grid_of(rows_of(finished), (quiet,), quiet), {}, lambda name: None).matrix()
    assert html.count("<audio") == 2
    assert "<img" not in html
