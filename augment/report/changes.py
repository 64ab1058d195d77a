"""What a plan would change in a test set that is there."""

from collections import Counter
from pathlib import Path

from augment.design.plan import Plan
from augment.errors import TestSetError
from augment.files.parquet import ask_parquet
from augment.report.text import table
from augment.testset.folder import PLAN

COLUMNS = ["audio_filepath", "key", "group"]


def changes_text(plan: Plan, folder: Path) -> str:
    """Files that stay as they are, change, come and go, by group.

    Args:
        plan: The new plan.
        folder: A test set that was built before.

    Raises:
        TestSetError: There is no plan in the folder, or it is damaged.
    """
    known = ask_parquet(folder / PLAN, TestSetError, lambda table: table.select(COLUMNS).collect())
    before = {name: (key, group) for name, key, group in known.rows()}
    now = {name: (key, group) for name, key, group in plan.items[COLUMNS].rows()}
    found: Counter[tuple[str, str]] = Counter()
    for name in {**before, **now}:
        old, new = before.get(name), now.get(name)
        state = "new" if old is None else "gone" if new is None else "same" if old[0] == new[0] else "changed"
        found[((new or old or ("", ""))[1], state)] += 1
    states = ("same", "changed", "new", "gone")
    groups = sorted({group for group, _ in found})
    rows = [[group, *(found[(group, state)] for state in states)] for group in groups]
    rows.append(["all", *(sum(found[(group, state)] for group in groups) for state in states)])
    return f"files against {folder}\n{table(['group', *states], rows)}"
