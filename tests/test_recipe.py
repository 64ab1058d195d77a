"""Recipes: every fault at once, at its place, in the user's words."""

import json
from typing import ClassVar, Literal

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import augment
from augment.errors import RecipeError
from augment.files.given import given_document, yaml_text
from augment.files.yaml import load_yaml, read_text
from augment.perturb import Perturbation, kinds
from augment.recipe.loader import _validated, bundled_recipes, load_recipe
from augment.recipe.schema import recipe_schema
from augment.recipe.sweep import spell_out
from augment.scene import Stage
from conftest import RATE, ROOT

FIVE_MISTAKES = """\
name: five
corpus: {path: corpus.jsonl}
balance: {by: [accent], utterences: 4}
factors:
  noise:
    quiet: []
    scanner: {steps: [{kind: equipment_noise, profile: mri_epy, snr_db: 5}], sweep: {sn_db: [3]}}
    fan: [{kind: equipmnt_noise, profile: ventilation_fan, snr_db: 10}]
    loud: {steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [15, 500]}}
  device:
    wrong:
      - {kind: microphone, profile: itu_p48_handset}
      - {kind: equipment_noise, profile: mri_epi, snr_db: 10}
"""


def faults(workshop, text):
    path = workshop.recipe(text)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_every_mistake_is_told_with_its_place(workshop):
    found = faults(workshop, FIVE_MISTAKES)
    assert [line.split(": ")[0] for line in found] == ["3:25", "7:47", "7:86", "8:11", "9:85", "13:9"]
    for line, words in zip(
        found,
        [
            "unknown field 'utterences' - did you mean 'utterances'?",
            "there is no noise profile 'mri_epy' - did you mean 'mri_epi'?",
            "no step of this setting has a field 'sn_db' to sweep - did you mean 'snr_db'?",
            "unknown kind 'equipmnt_noise' - did you mean 'equipment_noise'?",
            "factors.noise.loud.sweep.snr_db.1: expected less than or equal to 60, found 500",
            "'equipment_noise' (stage NOISE) stands after 'microphone' (stage MICROPHONE)",
        ],
        strict=True,
    ):
        assert words in line


BASE = "name: a\ncorpus: {path: c.jsonl}\nbalance: {by: [accent]}\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "1:1", "expected a mapping"),
        ("name: [", "", "expected the node content"),
        ("name: a\nname: b\n", "2:1", 'duplicate key "name"'),
        (BASE + "about: !!str 5\nseed: !!bool maybe\n", "5:7", "'maybe' - leave the tag out"),
        (BASE + "factors:\n  n: [1, !!float abc]\n", "5:10", "'abc' - leave the tag out"),
        (BASE + "seed: !own x\n", "4:1", "a value of an unknown kind (!own): leave the tag out"),
        (BASE + "about: !!omap [x: 1]\n", "4:8", "not supported (a tag"),
        (BASE + "factors: &a\n  <<: *a\n", "5:7", "the alias *a occurs within what it stands for"),
        (BASE + "about: 1\nseed: 99999999999999999999\n", "5:1", "a number is too large"),
        (BASE, "1:1", "the field 'factors' is missing"),
        (BASE + "factors: {}\n", "4:1", "expected at least 1 entry, found 0"),
        (BASE + "factors: {noise: {}}\n", "4:11", "expected at least 1 entry, found 0"),
        (BASE + "factors: {noise: {}}\nexclude: [{noise: quiet}]\n", "4:11", "expected at least 1 entry, found 0"),
        (BASE + "factors: {noise: {a__b: []}}\n", "4:19", "'a__b' cannot be a name"),
        (BASE + "factors: {text: {a: []}}\n", "4:11", "the name of a column of every manifest"),
        (BASE + "factors: {n: {a: [{profile: x}]}}\n", "4:19", "the field 'kind' is missing"),
        (BASE + "factors: {n: {a: [{kind: microphone, profile: no.yaml}]}}\n", "4:38", "no file or folder 'no.yaml'"),
        (BASE + "factors: {n: {a: [{kind: background_noise, source: no, snr_db: 1}]}}\n", "4:44", "no file or folder"),
        (BASE + "factors: {n: {a: []}}\nexclude: [{m: a}]\n", "5:12", "there is no factor 'm'"),
        (BASE + "factors: {n: {a: []}}\nexclude: [{n: [b]}]\n", "5:12", "'n' has no setting 'b'"),
        (BASE + "factors: {n: {a: {}}}\nexclude: [{n: b}]\n", "5:12", "'n' has no setting 'b'"),
        (BASE + "factors: {n: {a: {sweep: {}}}}\nexclude: [{n: b}]\n", "5:12", "'n' has no setting 'b'"),
        (BASE + "factors: {n: {a: []}}\nsnr: {band_hz: [7000, 100]}\n", "", "does not rise"),
        (BASE + "factors: {n: {a: []}}\nseed: yes\n", "5:1", "expected a whole number"),
        (BASE + "factors: {n: {a: []}}\nseed: -1\n", "5:1", "greater than or equal to 0"),
        (BASE + "factors: {n: {a: {sweep: {snr_db: [1]}}}}\n", "4:19", "a sweep without steps"),
        (
            BASE + "factors: {d: {m: [{kind: microphone, profile: itu_p48_handset}]},"
            " n: {a: [{kind: equipment_noise, profile: mri_epi, snr_db: 1}]}}\n",
            "4:75",
            "put the factor 'n' before 'd'",
        ),
    ],
)
def test_a_fault_has_its_place_and_words(workshop, text, place, words):
    found = faults(workshop, text or "[]")
    assert any(line.startswith(f"{place}: " if place else "") and words in line for line in found), found


def test_yaml_is_1_2_and_bounded(workshop):
    path = workshop.recipe(BASE + "about: no\nfactors: {n: {a: []}}\n")
    assert load_recipe(path).recipe.about == "no"
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(8)
    )
    assert "aliases that multiply" in faults(workshop, bomb)[0]
    assert "nested too deeply" in faults(workshop, "a: " + "[" * 5000)[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n\tb: 2\n", "2:1: a tab stands where YAML wants spaces - use spaces"),
        ("a:\n  -\t- 1\n   \t- 2\n", "a tab stands where YAML wants spaces"),
        (BASE + "factors: {n: {a: [{kind: g711}]}}\n", "steps.0.law: the field 'law' is missing - one of: a, mu"),
        (
            BASE + "factors: {n: {a: [{kind: equipment_noise, profile: mri_epi}]}}\n",
            "neither 'snr_db' nor 'level_dba': it is as loud as its profile says, and the recipe does not say how loud "
            "the speech is - give the step snr_db, or add speech: {effort: normal, distance_m: 0.5}",
        ),
    ],
)
def test_messages_say_what_nobody_sees(workshop, text, told):
    assert told in "\n".join(faults(workshop, text))


def test_a_sweep_makes_settings_of_one_family(workshop):
    steps = "{steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [20, -2.5]}}"
    text = f"{BASE}factors: {{n: {{a: {steps}}}}}\n"
    settings = load_recipe(workshop.recipe(text)).settings["n"]
    assert [(s.name, s.family, s.steps[0].snr_db) for s in settings] == [("a_20db", "a", 20), ("a_m2p5db", "a", -2.5)]


def test_two_sweeps_are_crossed(workshop):
    text = BASE + (
        "factors: {n: {a: {steps: [{kind: equipment_noise}],"
        " sweep: {profile: [mri_epi, mains_hum_50], snr_db: [5, 0]}}}}\n"
    )
    names = [s.name for s in load_recipe(workshop.recipe(text)).settings["n"]]
    assert names == ["a_mri_epi_5db", "a_mri_epi_0db", "a_mains_hum_50_5db", "a_mains_hum_50_0db"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ("[noises/Ward-7.yaml, ../tram.flac, 'C:\\\\x\\\\übung.wav']", ["a_ward_7", "a_tram", "a_ubung"]),
        ("[street/, {name: icu, value: noises/2026_11_03.yaml}]", ["a_street", "a_icu"]),
        ("[{name: icu, value: x.wav}, {name: ward, value: x.wav}]", ["a_icu", "a_ward"]),
    ],
)
def test_settings_of_a_sweep_have_short_names(tmp_path, values, names):
    written = (
        f"factors: {{n: {{a: {{steps: [{{kind: background_noise, snr_db: 5}}], sweep: {{source: {values}}}}}}}}}\n"
    )
    (tmp_path / "r.yaml").write_text(written, encoding="utf-8")
    spelled = spell_out(load_yaml(tmp_path / "r.yaml", RecipeError))
    assert not spelled.faults
    assert list(spelled.settings["n"]) == names


def test_a_misspelt_recording_is_told_its_neighbour(workshop):
    workshop.noise("machine.wav", np.ones(RATE))
    grid = "factors: {n: {a: [{kind: background_noise, source: noise/machin.wav, snr_db: 5}]}}\n"
    (told,) = faults(workshop, BASE + grid)
    assert f"looked in {workshop.folder}, did you mean 'machine.wav'?" in told


def test_equal_names_of_swept_files_are_refused_with_the_way_out(workshop):
    steps = "{steps: [{kind: background_noise, snr_db: 5}], sweep: {source: [a/tram.wav, b/tram.wav]}}"
    told = faults(workshop, f"{BASE}factors: {{n: {{a: {steps}}}}}\n")
    assert any("two settings are named 'a_tram'" in line and "{name: NAME, value: VALUE}" in line for line in told)


def test_a_named_value_is_checked_where_it_was_written(workshop):
    steps = "{steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [{name: low, value: 500}]}}"
    (told,) = faults(workshop, f"{BASE}factors: {{n: {{a: {steps}}}}}\n")
    assert "sweep.snr_db.0.value: expected less than or equal to 60, found 500" in told
    steps = "{steps: [{kind: equipment_noise, profile: mri_epi}], sweep: {snr_db: [{nam: low, value: 5}]}}"
    assert any("sweep.snr_db.0" in line for line in faults(workshop, f"{BASE}factors: {{n: {{a: {steps}}}}}\n"))


@pytest.mark.parametrize("name", sorted(bundled_recipes()))
def test_bundled_recipes_pass_the_schema_they_name(name):
    from ruamel.yaml import YAML

    path = bundled_recipes()[name]
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    jsonschema.validate(YAML(typ="safe").load(text), recipe_schema())
    load_recipe(path)


def test_the_schema_file_is_the_schema():
    written = json.loads((ROOT / "recipes" / "recipe.schema.json").read_text())
    assert written == recipe_schema(), "run: acoustigrid schema > recipes/recipe.schema.json"
    jsonschema.Draft202012Validator.check_schema(written)


def test_the_schema_refuses_what_the_loader_refuses():
    good = {
        "name": "a",
        "corpus": {"path": "c"},
        "balance": {"by": ["accent"]},
        "factors": {"n": {"a": [{"kind": "microphone", "profile": "x"}]}},
    }
    jsonschema.validate(good, recipe_schema())
    for wrong in ({"seeed": 1}, {"factors": {"n": {"a": [{"kind": "nope"}]}}}, {"balance": {"by": []}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, **wrong}, recipe_schema())


@pytest.mark.parametrize(
    ("steps", "sweep", "told"),
    [
        ("{kind: equipment_noise, profile: mri_epi}", "{snr_dB: [15, 5]}", "4:79: factors.n.a.sweep.snr_dB: no step"),
        (
            "{kind: equipment_noise, profile: mri_epi, snr_db: 1}",
            "{snr_db: [1]}",
            "4:90: factors.n.a.sweep.snr_db: the",
        ),
        ("{kind: background_noise, snr_db: 1}", "{sorce: [a]}", "'sorce' to sweep - did you mean 'source'?"),
        ("{kind: equipmnt_noise}", "{snr_db: [1]}", "steps.0: unknown kind 'equipmnt_noise'"),
        ("{kind: equipment_noise, profile: mri_epi}", "{snr_db: 5}", "sweep.snr_db: expected a list"),
        ("{kind: equipment_noise, snr_db: 1}", "{profile: [mri_epi, mri_epy]}", "a.sweep.profile.1: there is no noise"),
        ("{kind: equipment_noise, profile: mri_epi}", "{.snr_db: [1, 2]}", "before the dot - did you mean 'snr_db'?"),
        ("{kind: g711, law: a, mean_burst: 1.05}", "{loss_percent: [0, 60]}", "steps.0: 60 % cannot be lost in bursts"),
    ],
)
def test_a_fault_of_a_sweep_is_told_once(workshop, steps, sweep, told):
    text = f"{BASE}factors: {{n: {{a: {{steps: [{steps}], sweep: {sweep}}}}}}}\nspeech: {{effort: normal}}\n"
    (found,) = faults(workshop, text)
    assert told in found


@pytest.mark.parametrize("more", ["", ", {kind: babble, talkers: 3}"])
def test_a_sweep_beside_a_step_without_fields_is_refused(workshop, monkeypatch, more):
    class Plain(Perturbation):
        kind: Literal["plain"]
        stage: ClassVar = Stage.CHANNEL

    monkeypatch.setitem(kinds(), "plain", Plain)  # the recipe's model was made without it, and calls it unknown
    text = f"factors: {{n: {{a: {{steps: [{{kind: plain}}{more}], sweep: {{snr: [1]}}}}}}}}\n"
    (fault,) = spell_out(load_yaml(workshop.recipe(text), RecipeError)).faults
    assert "no step of this setting has a field 'snr' to sweep" in fault.message


def test_what_a_faulty_sweep_does_not_explain_is_told_with_it(workshop):
    steps = "{a: {steps: [{kind: equipment_noise}], sweep: {snr_dB: [1]}}}"
    told = faults(workshop, f"{BASE}factors: {{n: {steps}}}\n")
    assert ["'snr_dB' to sweep" in told[-1], "the field 'profile' is missing" in told[0], len(told)] == [True, True, 2]
    sweep = f"{{loss_percent: {list(range(50))}, mean_burst: {list(range(1, 41))}}}"
    many = f"{{steps: [{{kind: g711, law: a}}], sweep: {sweep}}}"
    told = faults(workshop, f"{BASE}factors: {{n: {{a: {many}, b: {many}, c: [{{kind: g711}}]}}}}\n")
    assert ["2,000 settings so far" in told[0], "the field 'law' is missing" in told[1], len(told)] == [True, True, 2]


def test_no_error_is_without_a_fault(workshop):
    spelled = spell_out(load_yaml(workshop.recipe(BASE + "factors: {n: {a: [{kind: g711}]}}\n"), RecipeError))
    spelled.doubt(("factors", "n", "a"), "law")
    recipe, _, told = _validated(spelled)
    assert recipe is None
    assert len(told) == 1


def as_dict(path):
    """A recipe's file as a user would write it in Python."""
    return load_yaml(path, RecipeError).data


@pytest.mark.parametrize("name", sorted(bundled_recipes()))
def test_a_dict_is_the_recipe_that_its_file_is(name):
    path = bundled_recipes()[name]
    written, given_ = load_recipe(path), load_recipe(as_dict(path), path.parent)
    assert (given_.recipe, given_.settings, given_.base) == (written.recipe, written.settings, written.base)
    assert list(given_.settings) == list(written.settings)


def test_a_dict_builds_the_set_that_its_file_builds(stocked):
    path = stocked.folder / "recipe.yaml"
    data = as_dict(path)
    data["corpus"]["path"] = data["corpus"]["path"] and path.parent / "corpus.jsonl"
    keys = [
        augment.plan(recipe, base=base).items["key"].to_list()
        for recipe, base in ((path, None), (as_dict(path), stocked.folder), (data, str(stocked.folder)))
    ]
    assert keys[0] == keys[1] == keys[2]
    folder = augment.build(as_dict(path), stocked.folder / "set", base=stocked.folder).folder
    assert as_dict(folder / "recipe.yaml") == as_dict(path)
    assert list(as_dict(folder / "recipe.yaml")["factors"]) == ["noise", "device"]
    assert augment.verify(folder).state == "all as it should be"


def test_faults_of_a_dict_are_those_of_its_file_with_their_places(workshop):
    path = workshop.recipe(FIVE_MISTAKES)
    told = faults(workshop, FIVE_MISTAKES)
    with pytest.raises(RecipeError) as caught:
        load_recipe(as_dict(path), workshop.folder)
    assert [fault.where for fault in caught.value.faults] == [
        "recipe['balance']['utterences']",
        "recipe['factors']['noise']['scanner']['steps'][0]['profile']",
        "recipe['factors']['noise']['scanner']['sweep']['sn_db']",
        "recipe['factors']['noise']['fan'][0]",
        "recipe['factors']['noise']['loud']['sweep']['snr_db'][1]",
        "recipe['factors']['device']['wrong'][1]",
    ]
    for fault, line in zip(caught.value.faults, told, strict=True):
        assert fault.message in line
        assert fault.remedy in line


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        ({"name": {1, 2}}, "recipe['name']", "a value of an unknown kind (set)"),
        ({"factors": {"n": [object()]}}, "recipe['factors']['n'][0]", "a value of an unknown kind (object)"),
        ({"name": "a", ("b",): 1}, "recipe", "the key '('b',)' is not text"),
        ({"factors": {"1": [], 1: []}}, "recipe['factors']", "the key '1' is not text, or appears twice"),
        ({"seed": 2**70}, "recipe['seed']", "a number is too large"),
        ({"about": "\ud800"}, "recipe['about']", "is not valid Unicode"),
        ({}, "recipe", "the field 'name' is missing"),
    ],
)
def test_what_a_dict_cannot_hold_is_told_with_its_place(data, where, words):
    with pytest.raises(RecipeError) as caught:
        load_recipe(data)
    assert any(fault.where == where and words in fault.message for fault in caught.value.faults), caught.value


def test_a_dict_within_itself_ends():
    data = {"name": "a"}
    data["about"] = data
    with pytest.raises(RecipeError, match="more than 10,000 values or 32 levels"):
        load_recipe(data)


def test_values_of_numpy_are_numbers():
    data = {"seed": np.int64(3), "share": np.float32(0.5), "pair": (np.float64(1.5), True)}
    assert repr(given_document(data, "recipe", RecipeError).data) == "{'seed': 3, 'share': 0.5, 'pair': [1.5, True]}"


def test_a_loaded_recipe_has_its_folder():
    loaded = load_recipe("demo")
    assert load_recipe(loaded) is loaded
    with pytest.raises(RecipeError, match="this recipe is loaded, with its folder"):
        load_recipe(loaded, ".")


TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x85"), max_size=8)
SCALARS = some.none() | some.booleans() | some.integers(-(2**63) + 1, 2**63 - 1) | some.floats() | TEXTS
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3)
)


@given(some.dictionaries(TEXTS, VALUES, max_size=4))
def test_whatever_a_dict_holds_stands_in_its_text(data):
    document = given_document(data, "recipe", RecipeError)
    assert repr(read_text(ROOT / "again.yaml", document.text, RecipeError).data) == repr(data)
    assert yaml_text(data) == document.text


def test_a_text_that_yaml_cannot_hold_is_refused():
    with pytest.raises(RecipeError, match="recipe: holds a text that YAML cannot hold - leave control characters out"):
        load_recipe({"name": "a", "about": "next\x85line"})
