"""From a recipe's file to a recipe, or to all of its faults at once."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from augment.bounds import MOST_SETTINGS
from augment.bundled import bundled
from augment.corpus.source import folder_of
from augment.dealt import Asked
from augment.errors import Fault, ProfileError, RecipeError, nearest
from augment.files.yaml import Document, Location, faults_of, load_yaml
from augment.perturb import Perturbation
from augment.profiles.library import Library, Need
from augment.recipe import sweep
from augment.recipe.crossings import Settings, name_faults
from augment.recipe.model import Recipe, SettingSpec, reserved
from augment.recipe.sweep import Setting

LONGEST_NAME = 40


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe without faults, and what stands around it.

    Attributes:
        recipe: The recipe.
        settings: All settings of each factor, sweeps expanded, in the recipe's order.
        library: The profiles and recordings that it can name.
        base: Folder of the recipe; relative paths start from here.
        text: The recipe as written.
    """

    recipe: Recipe
    settings: dict[str, tuple[Setting, ...]]
    library: Library
    base: Path
    text: str


def bundled_recipes() -> dict[str, Path]:
    """Ready-made recipes by name.

    Example:
        >>> "demo" in bundled_recipes()
        True
    """
    return {path.stem: path for path in sorted(bundled("recipes").glob("*.yaml"))}


def about_recipe(path: Path) -> str:
    """What a recipe says that it is; its steps are not looked at, and may need what is not installed."""
    return str(load_yaml(path, RecipeError).data.get("about", ""))


def find_recipe(name_or_path: str | Path) -> Path:
    """The file of a recipe: a path, or the name of a bundled recipe.

    Raises:
        RecipeError: There is neither.
    """
    path = Path(name_or_path)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # a name that no file can have
        raise RecipeError(Fault(str(path)[:80], "this cannot be the name of a file")) from None
    known = bundled_recipes()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    raise RecipeError(
        Fault(str(path), "there is no such recipe file or bundled recipe", nearest(str(path), list(known)))
    )


def load_recipe(name_or_path: str | Path, base: Path | None = None, material: bool = True) -> LoadedRecipe:
    """Load a recipe and check all that can be known without its corpus.

    Args:
        name_or_path: Path of a YAML file, or name of a bundled recipe.
        base: Folder that relative paths start from; the recipe's own if not given.
        material: Look whether its recordings, profiles and what its steps need are there: not to be asked of who only
            reads what a test set is.

    Raises:
        RecipeError: With one fault, and its line and column, for each thing that is wrong.

    Example:
        >>> load_recipe("demo").recipe.name
        'demo'
    """
    path = find_recipe(name_or_path)
    document = load_yaml(path, RecipeError)
    filled, faults, moved = _fill(document)
    complete = Document(filled, path, document.text, document.marks)
    recipe: Recipe | None = None
    try:
        recipe = Recipe.model_validate_json(json.dumps(filled))
    except ValidationError as problem:
        faults += faults_of(problem, Recipe, complete, moved)
    base = base or path.parent
    library = Library(base, None if recipe is None else folder_of(base / recipe.corpus.path))
    settings, found = _settings(filled, document)
    faults += found
    faults += _crossings(filled, settings, document)
    faults += _missing(settings, library, document) if material else []
    faults += _unfit(settings, recipe, document) if material and recipe is not None else []
    if faults or recipe is None:
        raise RecipeError(sorted(_told_once(faults), key=_by_place))
    flat = {factor: tuple(itertools.chain(*families.values())) for factor, families in settings.items()}
    return LoadedRecipe(recipe, flat, library, base, document.text)


def _told_once(faults: list[Fault]) -> set[Fault]:
    """Faults less those that follow from another: a step lacks its level where its sweep is at fault."""
    swept = {fault.message.split(".sweep")[0] for fault in faults if ".sweep" in fault.message}
    follows = ("found neither", "must know how loud")
    return {f for f in faults if not (any(w in f.message for w in follows) and f.message.split(".steps")[0] in swept)}


def _by_place(fault: Fault) -> tuple[int, int, str]:
    parts = fault.where.rsplit(":", 2)
    return (int(parts[1]), int(parts[2]), fault.message) if len(parts) == 3 else (0, 0, fault.message)


def _fault(document: Document, location: Location, message: str, remedy: str) -> Fault:
    path = ".".join(str(part) for part in location)
    return Fault(document.place(location), f"{path}: {message}", remedy)


def _written(data: Any) -> Iterator[tuple[str, str, Any]]:
    """Factor, family and setting, as far as the user wrote something of that shape."""
    factors = data.get("factors") if isinstance(data, dict) else None
    for factor, families in factors.items() if isinstance(factors, dict) else ():
        for family, raw in families.items() if isinstance(families, dict) else ():
            yield factor, family, raw


def _fill(document: Document) -> tuple[dict[str, Any], list[Fault], dict[Location, Location]]:
    """The recipe with every swept field filled in; see :func:`augment.recipe.sweep.fill`."""
    data = dict(document.data)
    faults: list[Fault] = []
    moved: dict[Location, Location] = {}
    factors: dict[str, Any] = {}
    for factor, family, raw in _written(document.data):
        at = ("factors", factor, family)
        filled, found, places = sweep.fill(raw)
        factors.setdefault(factor, {})[family] = filled
        faults += [_fault(document, (*at, *location), message, remedy) for location, message, remedy in found]
        moved |= {(*at, *to): (*at, *origin) for to, origin in places.items()}
    if isinstance(data.get("factors"), dict):
        data["factors"] = {**data["factors"], **factors}
    return data, faults, moved


def _settings(data: dict[str, Any], document: Document) -> tuple[Settings, list[Fault]]:
    """Every setting that can be understood by itself, whatever is wrong elsewhere."""
    settings: Settings = {}
    faults: list[Fault] = []
    adapter, number = TypeAdapter(SettingSpec), 0
    for factor, family, raw in _written(data):
        at: Location = ("factors", factor, family)
        try:
            spec = adapter.validate_json(json.dumps(raw))
            number += sweep.count(spec)
            if number > MOST_SETTINGS:
                message = (
                    f"the recipe has {number:,} settings so far, sweeps expanded; at most {MOST_SETTINGS:,} are read"
                )
                return settings, [*faults, _fault(document, at, message, "make recipes of parts of it")]
            expanded, found = sweep.expand(family, spec)
        except ValidationError:
            continue  # told elsewhere
        faults += [_fault(document, (*at, *location), message, remedy) for location, message, remedy in found]
        faults += _disorder(document, at, spec.steps)
        for setting in expanded:
            if len(setting.name) > LONGEST_NAME:
                message = f"the name '{setting.name}' has more than {LONGEST_NAME} characters"
                faults.append(_fault(document, at, message, "shorten the setting's name"))
        settings.setdefault(factor, {})[family] = expanded
    return settings, faults


def _disorder(document: Document, at: Location, steps: tuple[Perturbation, ...]) -> list[Fault]:
    """Steps of one setting that stand before what sound meets first."""
    for index, (first, second) in enumerate(itertools.pairwise(steps)):
        if second.stage < first.stage:
            return [_fault(document, (*at, "steps", index + 1), *_order(first, second))]
    return []


def _order(first: Perturbation, second: Perturbation) -> tuple[str, str]:
    stands = f"'{second.kind}' (stage {second.stage.name}) stands after '{first.kind}' (stage {first.stage.name})"
    return stands, f"sound meets {second.stage.name} before {first.stage.name}: exchange them"


def _crossings(data: dict[str, Any], settings: Settings, document: Document) -> list[Fault]:
    """Faults between the parts: names, the order of factors, what the design says."""
    faults: list[Fault] = []
    for factor, families in settings.items():
        if reserved(factor):
            message = f"'{factor}' is the name of a column of every manifest"
            faults.append(_fault(document, ("factors", factor), message, "give the factor another name"))
        names = [setting.name for expanded in families.values() for setting in expanded]
        for name in sorted({name for name in names if names.count(name) > 1}):
            faults.append(_fault(document, ("factors", factor), f"two settings are named '{name}'", ""))
    for (early, first), (late, second) in itertools.combinations(settings.items(), 2):
        faults += _factor_disorder(document, (early, first), (late, second))
    faults += name_faults(data, settings, document)
    return faults


def _factor_disorder(
    document: Document, early: tuple[str, dict[str, list[Setting]]], late: tuple[str, dict[str, list[Setting]]]
) -> list[Fault]:
    """Two factors that stand in the wrong order of the signal chain."""
    for (family, settings), (other, others) in itertools.product(early[1].items(), late[1].items()):
        for first, second in itertools.product(settings[0].steps, others[0].steps):
            if second.stage < first.stage:
                stands, remedy = _order(first, second)
                remedy = remedy.replace("exchange them", f"put the factor '{late[0]}' before '{early[0]}'")
                index = others[0].steps.index(second)
                at = ("factors", late[0], other, "steps", index)
                return [_fault(document, at, f"{stands} of {early[0]}.{family}", remedy)]
    return []


def _missing(settings: Settings, library: Library, document: Document) -> list[Fault]:
    """Profiles and recordings that are not there."""
    faults: list[Fault] = []
    for factor, families in settings.items():
        for family, expanded in families.items():
            for index, step in ((i, step) for setting in expanded for i, step in enumerate(setting.steps)):
                at: Location = ("factors", factor, family, "steps", index)
                asked = step.asks()
                needs: list[Need | Asked] = [*step.needs(), *([asked] if asked else [])]
                for need in needs:
                    faults += _absent(need, library, document, (*at, need.field))
    return faults


def _unfit(settings: Settings, recipe: Recipe, document: Document) -> list[Fault]:
    """Steps that cannot work at the recipe's sample rate, or without what it does not say."""
    faults: list[Fault] = []
    for factor, families in settings.items():
        for family, expanded in families.items():
            for index, step in ((i, step) for setting in expanded for i, step in enumerate(setting.steps)):
                at: Location = ("factors", factor, family, "steps", index)
                told = step.unfit(recipe.output.sample_rate_hz)
                faults += [] if told is None else [_fault(document, at, *told)]
                if step.absolute() and recipe.speech.loudness_dbspl() is None:
                    message = f"'{step.kind}' must know how loud the speech is, and the recipe does not say it"
                    faults.append(_fault(document, at, message, "add speech: {effort: normal, distance_m: 0.5}"))
    return faults


def _absent(need: Need | Asked, library: Library, document: Document, at: Location) -> list[Fault]:
    """Why what a field names cannot be had."""
    try:
        need.check(library)
    except ProfileError as error:
        return [
            _fault(document, at, f"{fault.where}: {fault.message}" if fault.where else fault.message, fault.remedy)
            for fault in error.faults
        ]
    return []
