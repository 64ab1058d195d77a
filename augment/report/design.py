"""The design of a plan as text: what its conditions cover, and how alike its groups are."""

from augment.design.grid.choices import strength_of
from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import factors_of
from augment.design.plan import Plan
from augment.design.selection.balance import FLAGGED
from augment.report.text import table


def conditions_text(plan: Plan) -> str:
    """What the conditions cover, counted from scratch; empty for a full design."""
    loaded, factors = plan.loaded, factors_of(plan.loaded)
    strength = strength_of(loaded)
    choices = [tuple(name for _, name in condition.settings) for condition in plan.conditions]
    if strength is not None:
        found = coverage_of(factors, choices, strength)
        size = f"{found.combinations:,} conditions in place of {found.full:,}"
        return f"{size}: {found.covered:,} of {found.feasible:,} feasible {strength}-tuples of settings meet"
    if loaded.recipe.design == "one_at_a_time":
        return "one factor is changed at a time: effects hold at the reference only, and say nothing of interactions"
    return ""


def assignment_text(plan: Plan) -> str:
    """Who meets what; empty where everybody meets everything."""
    turns = plan.schedule
    if turns.crossed:
        return ""
    text = f"rotated: each utterance meets {turns.each} of {len(turns.conditions)} conditions"
    if len(turns.conditions) % turns.each == 0 and turns.each < len(turns.conditions):
        text += (
            f"; since {turns.each} divides {len(turns.conditions)}, conditions fall into "
            f"{len(turns.conditions) // turns.each} sets that share no utterance"
        )
    return text


def balance_text(plan: Plan) -> str:
    """Differences between groups before and after the selection, for each variable and group."""
    found = plan.selection.balance.differences
    if len(plan.selection.groups) < 2 or not found:
        return ""

    def shown(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    header = ["variable", "group", "matched", "before", "after", ""]
    rows = []
    for d in found:
        flag = f"above {FLAGGED:g}" if d.flagged else ""
        rows.append([d.variable, d.group, "yes" if d.matched else "no", shown(d.before), shown(d.after), flag])
    about = (
        "largest difference of each group to another one: durations in standard deviations, labels as total variation "
        "distance"
    )
    return f"{about}\n{table(header, rows)}"
