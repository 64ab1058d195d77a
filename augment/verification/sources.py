"""What a test set was made from, if it still exists: its recipe's folder, its corpus, its plan with all recordings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from augment.design.conditions import Condition, condition_of
from augment.design.grid.factors import Choice
from augment.errors import AcoustigridError, DesignError, Fault, TestSetError, gathered
from augment.files.json_text import strict_json
from augment.files.location import Location, location
from augment.files.walk import STATE
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.testset.folder import PLAN, RECIPE, WHERE
from augment.testset.outgoing import WITHHELD, outgoing_part
from augment.testset.planned import read_plan
from augment.verification.disk import Disk

Row = dict[str, Any]


@dataclass(frozen=True)
class SelfDescription:
    """The set as its own files describe it.

    Attributes:
        disk: Its folder.
        identity: ``testset.json``.
        rows: Rows of the manifest.
        planned: Rows of the plan by their ``audio_filepath``.
        loaded: Its recipe; recordings and profiles need not exist.
        conditions: Columns of the grid, taken from the plan since another version may design others.
    """

    disk: Disk
    identity: Row
    rows: list[Row]
    planned: dict[str, Row]
    loaded: LoadedRecipe
    conditions: tuple[Condition, ...]


def self_description(disk: Disk, identity: Row, rows: list[Row], planned: dict[str, Row]) -> SelfDescription:
    """Read a set's recipe and conditions from its own files.

    Raises:
        AcoustigridError: The recipe cannot be read, or does not fit the plan.
    """
    disk.read(RECIPE)
    loaded = load_recipe(disk.folder / RECIPE, material=False)
    try:
        choices = dict.fromkeys(tuple(str(row[factor]) for factor in loaded.settings) for row in planned.values())
    except KeyError as error:
        raise TestSetError(Fault(disk.place(PLAN), f"the plan has no column for the factor {error}")) from None
    found = {condition.name: condition for condition in _conditions(choices, loaded, disk.place(PLAN))}
    strange = sorted({row["condition"] for row in planned.values()} - set(found))
    if strange:
        raise TestSetError(Fault(disk.place(PLAN), f"'{strange[0]}' is not a condition of the recipe"))
    listed = identity.get("conditions")
    order = [name for name in listed if name in found] if isinstance(listed, list) else []
    names = dict.fromkeys([*order, *sorted(found)])
    return SelfDescription(disk, identity, rows, planned, loaded, tuple(found[name] for name in names))


def _conditions(choices: Iterable[Choice], loaded: LoadedRecipe, place: str) -> list[Condition]:
    found, faults = list[Condition](), list[Fault]()
    for choice in choices:
        try:
            found.append(condition_of(choice, loaded))
        except DesignError as error:
            faults += [Fault(place, fault.message, fault.remedy) for fault in error.faults]
    if faults:
        raise TestSetError(gathered(faults))
    return found


def recipe_folder(disk: Disk, given: str | Location | None) -> Location:
    """Folder that the recipe's paths start from: the one given, or else the one noted by the build.

    Raises:
        TestSetError: It is not known: the set has left the place where it was built.
    """
    if given is not None:
        return location(given)
    name = f"{STATE}/{WHERE}"
    if not disk.has(name):
        raise TestSetError("nothing here says where its recipe was")
    try:
        return location(strict_json(disk.read(name).decode("utf-8"))["recipe_folder"])
    except (AcoustigridError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TestSetError(Fault(disk.place(name), f"cannot be read: {error!r}")) from None


def with_recordings(told: SelfDescription) -> dict[str, Row]:
    """The plan with the recordings that a set under pseudonyms withholds: otherwise the same rows.

    Raises:
        TestSetError: They are not here, or belong to another set.
    """
    if told.identity.get("pseudonyms") is None:
        return told.planned
    name = f"{STATE}/{PLAN}"
    if not told.disk.has(name):
        raise TestSetError("recordings behind pseudonyms are known only where the set was made")
    kept, place = read_plan(told.disk.read(name), told.disk.folder / name), told.disk.place(name)
    if list(kept) != list(told.planned):
        raise TestSetError(
            Fault(place, "it is not the plan of this test set: its items are others, or in another order")
        )
    for path, row in told.planned.items():
        outgoing = {column: value for column, value in row.items() if column not in WITHHELD}
        try:
            same = list(kept[path]) == list(row) and outgoing == outgoing_part(kept[path])
        except (ValueError, TypeError, AttributeError):
            same = False
        if not same:
            raise TestSetError(Fault(place, f"it is not the plan of this test set: see '{path}'"))
    return kept


def recipe_there(told: SelfDescription, base: Location) -> LoadedRecipe:
    """The recipe with everything that it names.

    Raises:
        AcoustigridError: A recording, a profile or something else that a step needs is missing.
    """
    if not base.is_dir():
        raise AcoustigridError(Fault(str(base), "the folder of the recipe is not there"))
    return load_recipe(told.disk.folder / RECIPE, base)
