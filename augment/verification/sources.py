"""What a test set was made from, if it still exists: its recipe's folder, its corpus, its plan with all recordings."""

from collections.abc import Iterable
from dataclasses import dataclass

from augment.design.conditions import Condition, condition_of
from augment.design.grid.factors import Choice
from augment.errors import AcoustigridError, DesignError, Fault, TestSetError, gathered
from augment.files.json_rows import Row, Rows
from augment.files.json_text import strict_json
from augment.files.location import Location, location
from augment.files.walk import STATE
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.testset.by_name import ByName
from augment.testset.folder import PLAN, RECIPE, WHERE
from augment.testset.outgoing import WITHHELD, outgoing_part
from augment.testset.planned import PlannedRows, read_plan
from augment.verification.disk import Disk


@dataclass(frozen=True)
class SelfDescription:
    """The set as its own files describe it.

    Attributes:
        disk: Its folder.
        identity: ``testset.json``.
        by_name: Rows of the manifest by their ``audio_filepath``.
        planned: Rows of the plan by theirs.
        loaded: Its recipe; recordings and profiles need not exist.
        conditions: Columns of the grid, taken from the plan since another version may design others.
    """

    disk: Disk
    identity: Row
    by_name: ByName
    planned: PlannedRows
    loaded: LoadedRecipe
    conditions: tuple[Condition, ...]

    @property
    def rows(self) -> Rows:
        """Rows of the manifest."""
        return self.by_name.rows


def self_description(disk: Disk, identity: Row, rows: ByName, planned: PlannedRows) -> SelfDescription:
    """Read a set's recipe and conditions from its own files.

    Raises:
        AcoustigridError: The recipe cannot be read, or does not fit the plan.
    """
    disk.read(RECIPE)
    loaded = load_recipe(disk.folder / RECIPE, material=False)
    for factor in (factor for factor in loaded.settings if factor not in planned.frame.columns):
        raise TestSetError(Fault(disk.place(PLAN), f"the plan has no column for the factor {factor!r}"))
    cells = planned.frame.select(*loaded.settings).unique(maintain_order=True).rows() if loaded.settings else [()]
    choices = dict.fromkeys(tuple(map(str, cell)) for cell in cells)
    found = {condition.name: condition for condition in _conditions(choices, loaded, disk.place(PLAN))}
    strange = sorted(set(planned.frame["condition"].unique()) - set(found))
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


def with_recordings(told: SelfDescription) -> PlannedRows:
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
    if not kept.frame["audio_filepath"].equals(told.planned.frame["audio_filepath"]):
        raise TestSetError(
            Fault(place, "it is not the plan of this test set: its items are others, or in another order")
        )
    for whole, row in zip(kept.rows, told.planned.rows, strict=True):
        outgoing = {column: value for column, value in row.items() if column not in WITHHELD}
        try:
            same = list(whole) == list(row) and outgoing == outgoing_part(whole)
        except (ValueError, TypeError, AttributeError):
            same = False
        if not same:
            raise TestSetError(Fault(place, f"it is not the plan of this test set: see '{row['audio_filepath']}'"))
    return kept


def recipe_there(told: SelfDescription, base: Location) -> LoadedRecipe:
    """The recipe with everything that it names.

    Raises:
        AcoustigridError: A recording, a profile or something else that a step needs is missing.
    """
    if not base.is_dir():
        raise AcoustigridError(Fault(str(base), "the folder of the recipe is not there"))
    return load_recipe(told.disk.folder / RECIPE, base)
