"""From a recipe's file to a recipe, or to all of its faults at once."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from augment.bundled import bundled
from augment.corpus.source import folder_of
from augment.dealt import Asked
from augment.errors import Fault, ProfileError, RecipeError, nearest
from augment.files.given import given_document
from augment.files.location import Location as Place
from augment.files.location import Url, is_url, joined, location
from augment.files.misfits import Location, Misfit, misfits
from augment.files.yaml import Document, load_yaml
from augment.perturb import Perturbation
from augment.profiles.library import Library, Need
from augment.recipe.crossings import name_faults
from augment.recipe.model import Recipe, SettingSpec
from augment.recipe.sweep import Setting, Spelled, spell_out

Settings = dict[str, tuple[Setting, ...]]
"""All settings of each factor, in the recipe's order."""


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe without faults, and its context.

    Attributes:
        recipe: The recipe.
        settings: All settings of each factor, sweeps expanded, in the recipe's order.
        library: The profiles and recordings that it may name.
        base: Folder of the recipe, to which its paths are relative.
        text: The recipe as written; for a dict, as YAML.

    Example:
        >>> loaded = load_recipe("demo")
        >>> [setting.name for setting in loaded.settings["device"]], loaded.recipe.output.sample_rate_hz
        (['studio', 'handset'], 16000)
    """

    recipe: Recipe
    settings: Settings
    library: Library
    base: Place
    text: str


def bundled_recipes() -> dict[str, Path]:
    """Ready-made recipes by name.

    Example:
        >>> "demo" in bundled_recipes()
        True
    """
    return {path.stem: path for path in sorted(bundled("recipes").glob("*.yaml"))}


def about_recipe(path: Path) -> str:
    """A recipe's own description; its steps are not examined, since they may need what is not installed."""
    return str(load_yaml(path, RecipeError).data.get("about", ""))


def find_recipe(name_or_path: str | Path) -> Path:
    """The file of a recipe: a path, or the name of a bundled recipe.

    Raises:
        RecipeError: There is no such file and no such bundled recipe.
    """
    path = Path(name_or_path)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # no file can have this name
        raise RecipeError(Fault(str(path)[:80], "this cannot be the name of a file")) from None
    known = bundled_recipes()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    message = "there is no such recipe file or bundled recipe"
    raise RecipeError(Fault(str(path), message, nearest(str(path), list(known))))


RecipeLike = str | Path | Url | Mapping[str, Any] | LoadedRecipe
"""What a recipe can be: the path of a YAML file, the name of a bundled one, a dict, or one that is loaded."""


def load_recipe(recipe: RecipeLike, base: str | Place | None = None, material: bool = True) -> LoadedRecipe:
    """Load a recipe and check everything that can be checked without its corpus.

    Args:
        recipe: Path or URL of a YAML file, name of a bundled recipe, or a dict that holds what such a file would; one
            that is loaded is returned as it is.
        base: Folder that relative paths start from. If not given, it is the file's own, and for a dict the current one.
        material: Check that recordings, profiles and whatever else steps need are there; False for a reader who only
            wants to know what a test set is.

    Raises:
        RecipeError: Something is wrong; each fault has its line and column, or in a dict its place, such as
            ``recipe['factors']['noise']``.

    Example:
        >>> load_recipe("demo").recipe.name
        'demo'
        >>> load_recipe({"name": "mine", "seed": -1})  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        augment.errors.RecipeError: recipe['seed']: expected greater than or equal to 0, found -1
    """
    if isinstance(recipe, LoadedRecipe):
        if base is not None:
            raise RecipeError(Fault("base", "this recipe is loaded, with its folder", "give it to load_recipe"))
        return recipe
    if isinstance(recipe, Mapping):
        written: Document = given_document(recipe, "recipe", RecipeError)
        return _checked(spell_out(written), location(base or ""), material)
    path = _place_of(recipe)
    written = load_yaml(path, RecipeError)
    return _checked(spell_out(written), path.parent if base is None else location(base), material)


def _place_of(recipe: str | Path | Url) -> Place:
    """Where a recipe is that was named."""
    if isinstance(recipe, Url) or (isinstance(recipe, str) and is_url(recipe)):
        return location(recipe)
    return find_recipe(recipe)


def _checked(spelled: Spelled, base: Place, material: bool) -> LoadedRecipe:
    recipe, factors, faults = _validated(spelled)
    library = Library(base, None if recipe is None else folder_of(joined(base, recipe.corpus.path)))
    settings = {
        factor: tuple(Setting(name, spelled.family(factor, name), spec.steps) for name, spec in some.items())
        for factor, some in factors.items()
    }
    faults += [*_disorder(settings, spelled), *name_faults(spelled)]
    faults += _unmet(settings, recipe, library, spelled) if material else []
    if faults or recipe is None:
        raise RecipeError(sorted(set(faults), key=lambda fault: (spelled.written.order(fault.where), fault.message)))
    return LoadedRecipe(recipe, settings, library, base, spelled.written.text)


def _validated(spelled: Spelled) -> tuple[Recipe | None, dict[str, dict[str, SettingSpec]], list[Fault]]:
    """The recipe if nothing is wrong with it, all settings that are valid by themselves, and the faults."""
    try:
        recipe = Recipe.model_validate_json(json.dumps(spelled.data))
    except ValidationError as problem:
        right = {
            factor: {name: spec for name, raw in some.items() if (spec := _right(raw)) is not None}
            for factor, some in spelled.settings.items()
        }
        found = misfits(problem, Recipe, spelled.data)
        causes = [misfit for misfit in found if not _follows(misfit, spelled)]
        told = causes if causes or spelled.faults else found  # without a cause, they do not follow from one
        faults = [spelled.fault(misfit.location, misfit.message, misfit.remedy) for misfit in told]
        return None, right, spelled.faults + faults
    return recipe, recipe.factors, spelled.faults


def _follows(misfit: Misfit, spelled: Spelled) -> bool:
    """Whether a step may have this fault only because its sweep, being faulty, supplies no value."""
    if misfit.kind == "missing":
        return spelled.lacks(misfit.location)
    return misfit.kind == "value_error" and spelled.doubts(misfit.location)


def _right(setting: Any) -> SettingSpec | None:
    try:
        return SettingSpec.model_validate_json(json.dumps(setting))
    except ValidationError:
        return None  # reported when the whole recipe is validated


def _steps(settings: Settings) -> Iterator[tuple[Location, Perturbation]]:
    """All steps of all settings, and their locations."""
    for factor, some in settings.items():
        for setting in some:
            for index, step in enumerate(setting.steps):
                yield ("factors", factor, setting.name, "steps", index), step


def _disorder(settings: Settings, spelled: Spelled) -> Iterator[Fault]:
    """Faults: steps in an order other than the one in which sound meets them, in one setting or over two factors."""
    steps = list(_steps(settings))
    pairs = [(one, other, "") for one, other in itertools.pairwise(steps) if one[0][:3] == other[0][:3]]
    by_factor = {name: [step for step in steps if step[0][1] == name] for name in settings}
    for early, late in itertools.combinations(filter(None, by_factor.values()), 2):
        last, first = max(early, key=lambda step: step[1].stage), min(late, key=lambda step: step[1].stage)
        pairs.append((last, first, f" of {'.'.join(map(str, spelled.origin(last[0])[1:3]))}"))
    for (before, one), (at, other), where in pairs:
        if other.stage < one.stage:
            stands = f"'{other.kind}' (stage {other.stage.name}) stands after '{one.kind}' (stage {one.stage.name})"
            mend = f"put the factor '{at[1]}' before '{before[1]}'" if where else "exchange them"
            remedy = f"sound meets {other.stage.name} before {one.stage.name}: {mend}"
            yield spelled.fault(at, f"{stands}{where}", remedy)


def _unmet(settings: Settings, recipe: Recipe | None, library: Library, spelled: Spelled) -> Iterator[Fault]:
    """Faults: what steps need and lack, such as profiles, recordings, a sample rate, or the loudness of the speech."""
    for at, step in _steps(settings):
        asked = step.asks()
        needs: list[Need | Asked] = [*step.needs(), *([asked] if asked else [])]
        for need in needs:
            for why in _absent(library, need):
                yield spelled.fault((*at, need.field), why.message, why.remedy)
        for field, why in step.clashes(library):
            yield spelled.fault((*at, field), why.message, why.remedy)
        if recipe is None:
            continue
        if told := step.unfit(recipe.output.sample_rate_hz):
            yield spelled.fault(at, *told)
        if step.absolute() and recipe.speech.loudness_dbspl() is None and not spelled.doubts(at):
            yield spelled.fault(at, *_without_loudness(step))


def _without_loudness(step: Perturbation) -> tuple[str, str]:
    """Why a step needs to know how loud the speech is, and every way out."""
    way = "speech: {effort: normal, distance_m: 0.5}"
    if getattr(step, "level_dba", step) is None:
        message = f"'{step.kind}' has neither 'snr_db' nor 'level_dba': it is as loud as its profile says"
        return f"{message}, and the recipe does not say how loud the speech is", f"give the step snr_db, or add {way}"
    return f"'{step.kind}' must know how loud the speech is, and the recipe does not say it", f"add {way}"


def _absent(library: Library, need: Need | Asked) -> list[Fault]:
    """Faults that say why a need cannot be met; empty if it can."""
    try:
        need.check(library)
    except ProfileError as error:
        return error.seen_from("")
    return []
