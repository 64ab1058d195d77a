"""The data sheet, the Croissant description, and which labels leave the corpus."""

import hashlib
import json
import re

import pytest

import augment
from augment.errors import DesignError

SECTIONS = [
    "Groups", "Conditions", "Where the figures behind them come from", "Files in each cell", "What was measured",
    "What a cell can show", "What it is not", "Licences and credits", "What it says of people", "How it was made",
]  # fmt: skip


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
    assert result.coverage in sheet
    assert result.measured in sheet
    for line in (*identity["limits"], *identity["notes"]):
        assert f"- {line}\n" in sheet
    assert "64 of 64 files" in sheet
    assert "quiet__studio         nothing: the control" in sheet
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
    (records,) = said["recordSet"]
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
