"""What the README and the other texts say, held against the code."""

import re
import runpy

import numpy as np
import pytest
import soundfile
import typer

import augment
from augment.bundled import bundled
from augment.cli import app
from augment.corpus.source import readers
from augment.design.conditions import conditions
from augment.errors import RecipeError
from augment.export import exporters
from augment.files.yaml import load_yaml
from augment.perturb import kinds
from augment.profiles.library import FOLDERS, bundled_names
from augment.recipe.loader import load_recipe
from augment.recipe.model import Recipe
from augment.recipe.sweep import spell_out
from augment.scoring.texts import text_forms
from conftest import RATE, ROOT

README = (ROOT / "README.md").read_text()
RECIPES = (ROOT / "recipes" / "README.md").read_text()
CORPORA = (ROOT / "augment" / "corpus" / "README.md").read_text()
EXPORTS = (ROOT / "augment" / "export" / "README.md").read_text()
SCORES = (ROOT / "augment" / "scoring" / "README.md").read_text()
TEXTS = sorted(path for path in ROOT.rglob("*.md") if not {"node_modules", ".venv"} & set(path.parts))
MOST_WORDS = 1500
REFERENCE = runpy.run_path(str(ROOT / "scripts" / "write_reference.py"))


def blocks(text, kind, heading=""):
    """Blocks of code of a kind in the part of a text that begins with a heading."""
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else text
    return re.findall(rf"```{kind}\n(.*?)```", part, re.DOTALL)


def test_the_readme_is_short():
    assert len(README.split()) <= MOST_WORDS


def test_the_recipe_on_the_first_screen_is_a_recipe(tmp_path):
    (text,) = blocks(README, "yaml")
    (tmp_path / "hospital.yaml").write_text(text)
    soundfile.write(tmp_path / "ward.wav", np.ones(RATE), RATE)
    settings = load_recipe(tmp_path / "hospital.yaml").settings
    assert [s.name for s in settings["noise"]] == ["quiet", "scanner_15db", "scanner_5db", "ours_10db", "ours_0db"]


def with_parts(tmp_path, parts):
    """The recipe on the first screen with other parts in place of its own."""
    (whole,) = blocks(README, "yaml")
    for name in re.findall(r"^(\w+):", parts, re.MULTILINE):
        whole = re.sub(rf"^{name}:.*\n", "", whole, flags=re.MULTILINE)
    (tmp_path / "recipe.yaml").write_text(whole + parts)
    soundfile.write(tmp_path / "ward.wav", np.ones(RATE), RATE)
    return load_recipe(tmp_path / "recipe.yaml").recipe


def test_the_experiment_is_a_part_of_a_recipe(tmp_path):
    recipe = with_parts(tmp_path, *blocks(RECIPES, "yaml", "An experiment"))
    assert recipe.balance.match == ("gender", "age_band", "duration")
    assert (recipe.design, recipe.assignment, recipe.budget.files) == ("pairwise", "rotated", 20_000)


def test_the_licences_are_a_part_of_a_recipe(tmp_path):
    assert len(with_parts(tmp_path, *blocks(RECIPES, "yaml", "Licences")).licences.sources) == 2


def test_the_whole_recipe_is_one(tmp_path):
    (text,) = blocks(RECIPES, "yaml", "A whole recipe")
    (tmp_path / "recipe.yaml").write_text(text)
    names = [condition.name for condition in conditions(load_recipe(tmp_path / "recipe.yaml"))]
    assert len(names) == 6
    assert {"quiet__studio", "scanner_15db__studio", "scanner_5db__handset"} <= set(names)


def test_sweeps_give_the_names_that_are_told(tmp_path):
    (text,) = blocks(RECIPES, "yaml", "Factors, settings, sweeps")
    (tmp_path / "recipe.yaml").write_text(text)
    spelled = spell_out(load_yaml(tmp_path / "recipe.yaml", RecipeError))
    told = re.findall(r"# (.*)$", text, re.MULTILINE)
    assert not spelled.faults
    assert list(spelled.settings["noise"])[1:] == ", ".join(told).split(", ")


def test_the_table_on_the_first_screen_is_the_demos(tmp_path):
    result = augment.build("demo", tmp_path / "demo")
    assert str(result.overview.coverage) in README


@pytest.mark.parametrize("name", REFERENCE["WRITTEN"])
def test_tables_are_those_of_the_code(name):
    assert REFERENCE["renewed"](name) == (ROOT / name).read_text(), "run: python scripts/write_reference.py"


def test_every_step_and_field_stands_in_the_recipe_language():
    for name, model in kinds().items():
        part = RECIPES.partition(f"\n#### `{name}`\n")[2].partition("\n#### ")[0]
        assert f"kind: {name}" in part, name
        for field in set(model.model_fields) - {"kind", "stage"}:
            assert f"| `{field}` |" in part, (name, field)
    for part in Recipe.model_fields:
        assert f"| `{part}` |" in RECIPES or f"#### `{part}`" in RECIPES, part


@pytest.mark.parametrize(("names", "text"), [(readers(), CORPORA), (exporters(), EXPORTS), (text_forms(), SCORES)])
def test_layouts_formats_and_forms_are_explained(names, text):
    for name in names:
        assert f"`{name}`" in text or f"--text {name}`" in text, name


def test_every_command_is_shown_and_every_shown_command_is_one():
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    whole = "\n".join(path.read_text() for path in TEXTS)
    fenced = re.findall(r"^```\w*\n(.*?)^```\n", whole, re.MULTILINE | re.DOTALL)
    code = [*fenced, *re.findall("^    .*$|`acoustigrid [^`]*`", whole, re.MULTILINE)]
    shown = set(re.findall(r"(?:^|[` $])acoustigrid ([a-z][a-z-]+)", "\n".join(code), re.MULTILINE))
    assert shown == known


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_texts_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / link).exists(), link


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
