"""What a plan would change in an existing test set."""

import itertools
from collections import Counter

from augment.design.plan import Plan
from augment.errors import Fault, TestSetError
from augment.files.location import Location
from augment.files.store import Kind
from augment.report.text import table
from augment.testset.folder import EXPECTED, IDENTITY, PLAN, opened_set, read_identity
from augment.testset.planned import read_plan


def changes_text(plan: Plan, folder: Location) -> str:
    """How many files would stay as they are, change, come and go, by group.

    Args:
        plan: The new plan.
        folder: A test set that was built before.

    Raises:
        TestSetError: There is no plan in the folder, it is damaged, or the set was made by another version.
    """
    place, sealed = folder / PLAN, opened_set(folder)
    if sealed.kind(PLAN) is Kind.NOTHING:
        raise TestSetError(Fault(str(place), "the file is missing", EXPECTED))
    if sealed.kind(IDENTITY) is Kind.FILE:
        read_identity(sealed)  # refuses another version, whose keys cannot be compared; an unfinished set has none
    before = {name: (row["key"], row["group"]) for name, row in read_plan(sealed.read(PLAN), place).pairs()}
    columns = ("audio_filepath", "key", "group")
    slices = (rows.select(columns).rows() for rows in plan.table.slices())
    now = {name: (key, group) for name, key, group in itertools.chain.from_iterable(slices)}
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
