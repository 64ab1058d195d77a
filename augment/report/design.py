"""The design of a plan as text: what its conditions cover, and how similar its groups are."""

import math

from augment.auditing.chance import NOTICEABLE
from augment.design.grid.choices import strength_of
from augment.design.grid.coverage import coverage_of
from augment.design.grid.factors import factors_of
from augment.design.plan import Plan
from augment.design.selection.balance import BalanceTable, Difference
from augment.report.text import figure, table


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
    """Which utterances meet which conditions; empty if all meet all."""
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


def crossing_text(plan: Plan) -> str:
    """How evenly what is dealt is crossed, with a line for each pair; empty if nothing is dealt."""
    rows = [[c.pair, c.difference, c.where if c.difference > 1 else "-"] for c in plan.crossings]
    return (
        table(["crossed, to within one where that can be", "largest difference of two counts", "in"], rows)
        if rows
        else ""
    )


def balance_text(plan: Plan) -> str:
    """How the groups differ before and after the selection: one row a variable, one column a group."""
    groups, balance = plan.selection.groups, plan.selection.balance
    if len(groups) < 2 or not balance.differences:
        return ""
    of = {(d.variable, d.group): d for d in balance.differences}
    names = list(dict.fromkeys(d.variable for d in balance.differences))
    shown = [name for name in names if of[(name, groups[0])].matched or name not in plan.corpus.labels]
    rows = [_balance_row(balance, [of[(name, group)] for group in groups]) for name in shown]
    about = (
        "largest difference of each group to another one, before > after: durations in standard deviations, labels as "
        f"total variation distance; * above {NOTICEABLE:g} and above chance. By chance: what the furthest two "
        "exceed in 5 % if speakers are dealt to groups anew (utterances, where speakers are too few)"
    )
    return f"{about}\n{table(['variable', 'matched', *groups, 'furthest apart', 'by chance', 'standardised'], rows)}"


def _balance_row(balance: BalanceTable, differences: list[Difference]) -> list[str]:
    cells = [f"{figure(d.before)} > {figure(d.after)}{'*' if d.flagged else ''}" for d in differences]
    furthest = balance.furthest(differences[0].variable)
    about = ["?", "?", "?"]
    if furthest is not None:
        size = figure(furthest.after if furthest.standardised is None else furthest.standardised)
        size = "no overlap" if furthest.standardised == math.inf else size
        about = [f"{furthest.group}, {furthest.other}" if furthest.after else "-", figure(furthest.chance), size]
    return [differences[0].variable, "yes" if differences[0].matched else "no", *cells, *about]
