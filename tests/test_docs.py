"""What the README and the other texts say, held against the code."""

import re

import pytest

import augment
from augment.bundled import bundled
from augment.columns import ROW
from augment.corpus.source import readers
from augment.export import exporters
from augment.perturb import kinds
from augment.perturb.columns import of_steps
from augment.profiles.library import FOLDERS, bundled_names
from augment.recipe.loader import load_recipe
from augment.recipe.model import Recipe
from augment.scoring.texts import text_forms
from conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_recipe_on_the_first_screen_is_a_recipe(tmp_path):
    text = re.search(r"```yaml\n(.*?)```", README, re.DOTALL).group(1)
    assert len(text.splitlines()) == 12
    (tmp_path / "hospital.yaml").write_text(text)
    settings = load_recipe(tmp_path / "hospital.yaml").settings
    assert [s.name for s in settings["noise"]] == ["quiet", "scanner_15db", "scanner_5db"]


def test_the_experiment_is_a_part_of_a_recipe(tmp_path):
    first, _, experiment = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    whole = re.sub(r"^balance:.*\n", "", first, flags=re.MULTILINE) + experiment
    (tmp_path / "experiment.yaml").write_text(whole)
    recipe = load_recipe(tmp_path / "experiment.yaml").recipe
    assert recipe.balance.match == ("gender", "age_band", "duration")
    assert (recipe.design, recipe.assignment, recipe.budget.files) == ("pairwise", "rotated", 20_000)


def test_the_table_on_the_first_screen_is_the_demos(tmp_path):
    result = augment.build("demo", tmp_path / "demo")
    assert str(result.overview.coverage) in README


def test_the_licences_are_a_part_of_a_recipe(tmp_path):
    first, licences, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    whole = re.sub(r"^corpus:.*\n", "", first, flags=re.MULTILINE) + licences
    (tmp_path / "licences.yaml").write_text(whole)
    assert len(load_recipe(tmp_path / "licences.yaml").recipe.licences.sources) == 2


@pytest.mark.parametrize("name", [*exporters(), *readers()])
def test_layouts_and_formats_are_in_the_readme(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", kinds())
def test_what_a_recipe_can_name_is_in_the_readme(name):
    assert f"`{name}`" in README


def test_the_table_of_columns_is_that_of_the_code():
    table = README.split("| column | holds | says |\n|---|---|---|\n")[1].split("\n\n")[0]
    for line, column in zip(table.splitlines(), (*ROW, *of_steps()), strict=True):
        holds = ", ".join(filter(None, (column.kind.__name__, column.unit, column.private)))
        assert line == f"| `{column.name}` | {holds} | {column.meaning} |"


@pytest.mark.parametrize("part", sorted(set(Recipe.model_fields) - {"name", "about"}))
def test_every_part_of_a_recipe_is_explained(part):
    assert re.search(rf"^\|[^|]*`{part}`", README, re.MULTILINE), part


def test_names_of_python_in_the_readme_exist():
    named = set(re.findall(r"\b(?:augment|acoustigrid)\.([a-z_]+)\(", README))
    assert named
    assert named <= set(augment.__all__)


def test_profiles_readme_names_every_profile_and_its_examples_load(tmp_path):
    from augment.profiles.library import Library

    text = (bundled("noise_profiles") / "README.md").read_text()
    for room in FOLDERS:
        for name in bundled_names(room):
            assert f"`{name}`" in text
    noise, microphone = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "noise.yaml").write_text(noise)
    (tmp_path / "microphone.yaml").write_text(microphone)
    assert len(Library(tmp_path).noise_profile("noise.yaml").components) == 3
    assert len(Library(tmp_path).microphone("microphone.yaml").table()[0]) == 5


def test_no_text_names_a_path_of_one_machine():
    ours = [ROOT / name for name in ("augment", "recipes", "noise_profiles", "scripts", "tests", ".ci")]
    for path in [*ROOT.glob("*.*"), *(path for folder in ours for path in folder.rglob("*"))]:
        if path.suffix in {".md", ".py", ".yaml", ".toml"} or path.name == "run":
            assert not re.search(r"(?<![\w.])/(work|root|home)/\w", path.read_text()), path


@pytest.mark.parametrize("name", text_forms())
def test_forms_of_texts_are_in_the_readme(name):
    assert f"`{name}`" in README or f"--text {name}`" in README
