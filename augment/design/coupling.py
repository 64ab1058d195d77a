"""Which options of a recipe tie items to one another: what another accent, or another condition, can change."""

from collections.abc import Iterable, Iterator

from augment.design.conditions import Condition
from augment.recipe.experiment import DURATION, Strength
from augment.recipe.loader import LoadedRecipe
from augment.recipe.model import Recipe


def coupling_notes(loaded: LoadedRecipe, conditions: Iterable[Condition]) -> list[str]:
    """What ties groups and conditions together; empty where adding one leaves all other files as they are."""
    groups = [*_groups(loaded.recipe), *_noises(conditions)]
    columns = list(_columns(loaded.recipe))
    notes = []
    if groups:
        notes.append(f"another group can change which utterances, or what they hear: {'; '.join(groups)}")
    if columns:
        notes.append(f"another setting can change which items there are: {'; '.join(columns)}")
    return notes


def _groups(recipe: Recipe) -> Iterator[str]:
    balance = recipe.balance
    if balance.utterances == "max":
        yield "utterances: max follows the group that can give least"
    free = [variable.name for variable in balance.variables if variable.name not in balance.shares]
    if free:
        remedy = "" if free == [DURATION] else " (shares of labels can be fixed: balance.shares)"
        yield f"{', '.join(free)}: matched to what all groups have{remedy}"
    if balance.text == "parallel":
        yield "text: parallel takes texts that every group says"


def _noises(conditions: Iterable[Condition]) -> Iterator[str]:
    kinds = {need.kind for c in conditions for step in c.chain for need in step.perturbation.needs()}
    if "talkers" in kinds:
        yield "babble leaves out who is tested in its block"
    if "spectrum" in kinds:
        yield "spectrum: corpus is that of all chosen speech"


def _columns(recipe: Recipe) -> Iterator[str]:
    if recipe.design == "pairwise" or isinstance(recipe.design, Strength):
        yield "a covering array is made anew"
    if recipe.rotated:
        yield "a rotated assignment deals conditions anew"
