"""Which options of a recipe tie items to one another: what adding an accent or a condition can change."""

from collections.abc import Iterator

from augment.design.plan import Plan
from augment.notes import Effect, Note
from augment.recipe.experiment import DURATION, Strength
from augment.recipe.model import Recipe


def coupling_notes(plan: Plan) -> list[Note]:
    """Notes on what ties groups and conditions together; empty if adding one leaves all other files as they are."""
    recipe = plan.loaded.recipe
    asked = {step.asked.tie for condition in plan.conditions for step in condition.chain if step.asked}
    groups = [*_groups(recipe), *sorted(asked - {""}), *_shared(plan)]
    told = {
        "another group can change which utterances, or what they hear": groups,
        "another setting can change which items there are": list(_columns(recipe)),
    }
    return [Note(f"{change}: {'; '.join(ties)}", Effect.HOUSEKEEPING) for change, ties in told.items() if ties]


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


def _shared(plan: Plan) -> Iterator[str]:
    """Whatever is dealt more than once is crossed with everybody who meets it."""
    again = [played for played, found in plan.exposures.items() if found.crossed and found.reuse > 1]
    if again:
        yield f"fewer segments or positions than blocks are crossed with the speakers of all groups ({again[0]})"
    said = plan.utterances.select("group", "text").unique()
    if not plan.schedule.crossed and said["text"].n_unique() < said.height:
        yield "a rotated assignment crosses conditions with the texts of all groups"


def _columns(recipe: Recipe) -> Iterator[str]:
    if recipe.design == "pairwise" or isinstance(recipe.design, Strength):
        yield "a covering array is made anew"
    if recipe.rotated:
        yield "a rotated assignment deals conditions anew"
