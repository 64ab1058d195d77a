"""The design of a plan as text: what its conditions cover, and how alike its groups are."""

from augment.corpus.differences import NOTICEABLE
from augment.design.grid.choices import strength_of
from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import factors_of
from augment.design.plan import Plan
from augment.design.selection.balance import Difference
from augment.plain_text import visible
from augment.recipe.experiment import DURATION
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
    """How unlike the groups are before and after the selection: a row a variable, a column a group."""
    groups, found = plan.selection.groups, plan.selection.balance.differences
    if len(groups) < 2 or not found:
        return ""
    of = {(d.variable, d.group): d for d in found}
    shown = [d.variable for d in found if d.group == groups[0] and (d.matched or d.variable == DURATION)]
    rows = [_balance_row(variable, [of[(variable, group)] for group in groups]) for variable in shown]
    lines = [
        "largest difference of each group to another one, before > after (durations in standard deviations, labels as "
        f"total variation distance; * above {NOTICEABLE:g})",
        table(["variable", "matched", *groups], rows),
    ]
    others = {d.variable: 0.0 for d in found if d.variable not in shown}
    for d in found:
        if d.variable in others and d.after is not None:
            others[d.variable] = max(others[d.variable], d.after)
    unlike = [f"{visible(name)} {value:.2f}" for name, value in others.items() if value > NOTICEABLE]
    if unlike:
        lines.append(f"labels that are not matched, and unlike between groups: {', '.join(unlike)}")
    return "\n".join(lines)


def _balance_row(variable: str, differences: list[Difference]) -> list[str]:
    def shown(value: float | None) -> str:
        return "?" if value is None else f"{value:.2f}"

    cells = [f"{shown(d.before)} > {shown(d.after)}{'*' if d.flagged else ''}" for d in differences]
    return [variable, "yes" if differences[0].matched else "no", *cells]
