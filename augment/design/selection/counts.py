"""How many utterances every group gives from each cell.

In order of priority: numbers of matched values that are as equal as possible between groups (the sum of their ranges is
least); close to the natural shares; and, within a group, in proportion to what there is.

A mixed-integer programme often has several optimal solutions, and another version of the solver may find another one.
So each programme is given a unique optimum: the numbers to be decided get additional costs that depend on their names
through a hash, as good as random, in whole numbers that a double holds exactly. The optimum under such costs is unique
except with negligible probability (the isolation lemma; Mulmuley, Vazirani and Vazirani, 1987), and the solver must
prove that it is optimal (gap 0).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from augment.design.program import Program, whole
from augment.design.selection.problem import Problem
from augment.design.selection.speakers import share_out
from augment.design.selection.strata import Counts, Strata, natural_shares, rounded_shares
from augment.streams import words

SINGLE_STEPS = 6
"""Up to here the cost of the next utterance of a cell rises utterance by utterance, then in longer and longer steps."""

MOST_STRATA = 20_000
"""Groups with more strata than this have enough speakers: a bound is sought without regard to them."""

Targets = tuple[Counts, ...]
"""For each matched variable, a number for each of its values."""


@dataclass(frozen=True)
class Limits:
    """The least and the most utterances that a group may give of each matched value."""

    low: Targets
    high: Targets


def counts_of(problem: Problem) -> dict[str, Counts] | None:
    """Utterances to take from each stratum, by group; None if it is proven that there is no way.

    Raises:
        DesignError: The solver gives up.
    """
    by_speaker: set[str] = set()
    wanted = wanted_shares(problem)
    if _contradicts(problem):
        return None
    found = _all_groups(problem, Limits(wanted, wanted), by_speaker) if _allowed(problem, wanted) else None
    exact = False
    while found is None:
        before = len(by_speaker)
        limits = limits_of(problem, wanted, by_speaker, exact)
        if limits is None:
            return None
        found = _all_groups(problem, limits, by_speaker)
        if found is None and len(by_speaker) == before:
            assert not exact, "a joint solution in whole numbers solves each group"
            exact = True  # feasible in fractions, but not in whole numbers
    return found


def _contradicts(problem: Problem) -> bool:
    """Whether no whole number of utterances can meet a share in the recipe within its tolerance."""
    spans = (problem.given(v, value) for v in problem.matched for value in range(len(problem.grid.values[v])))
    return any(span is not None and span[0] > span[1] for span in spans)


def _allowed(problem: Problem, wanted: Targets) -> bool:
    """Whether rounded numbers are within the tolerance of the shares in the recipe."""
    for number, variable in enumerate(problem.matched):
        for value, target in enumerate(wanted[number].tolist()):
            low, high = problem.given(variable, value) or (0, target)
            if not low <= target <= high:
                return False
    return True


def wanted_shares(problem: Problem) -> Targets:
    """The numbers that each value would have by the natural shares; for texts, the first ones in seeded order."""
    found = []
    for variable in problem.matched:
        values = problem.grid.values[variable]
        if problem.parallel(variable):
            order = sorted(range(len(values)), key=lambda v: _text_cost(problem, values[v]))
            chosen = np.zeros(len(values), dtype=np.int64)
            chosen[order[: problem.utterances]] = 1
            found.append(chosen)
        else:
            shares = natural_shares(problem.grid, problem.strata, variable, problem.shares)
            found.append(np.array(rounded_shares(shares, problem.utterances), dtype=np.int64))
    return tuple(found)


def _text_cost(problem: Problem, text: str) -> int:
    return words(problem.seed, "text", text)[0] % 2**24


def _all_groups(problem: Problem, limits: Limits, by_speaker: set[str]) -> dict[str, Counts] | None:
    found: dict[str, Counts] = {}
    for strata in problem.strata:
        counts = _one_group(problem, strata, limits, by_speaker)
        if counts is None:
            return None
        found[strata.group] = counts
    return found


def _one_group(problem: Problem, strata: Strata, limits: Limits, by_speaker: set[str]) -> Counts | None:
    """Utterances to take from each stratum of a group.

    Most groups have speakers in plenty. A group that does not is remembered, and its programmes include its speakers.
    """
    shared = None
    while shared is None:
        demand = _demand(problem, strata, limits, by_speaker)
        if demand is None:
            return None
        shared = share_out(strata, demand, problem.speakers_min, problem.per_speaker)
        if shared is None:
            assert strata.group not in by_speaker, "a demand in whole numbers has a flow in whole numbers"
            by_speaker.add(strata.group)
    return shared


def _demand(problem: Problem, strata: Strata, limits: Limits, by_speaker: set[str]) -> Counts | None:
    """Utterances by cell, within limits, in proportion to what there is."""
    available = strata.available(len(problem.grid.cells))
    program = Program()
    cells = {int(m): program.variable(0, min(available[m], problem.utterances)) for m in np.flatnonzero(available)}
    costs: dict[int, float] = {}
    for cell, variable in cells.items():
        steps = _steps(problem, strata, cell, int(available[cell]))
        parts = {program.variable(0, width, whole=False): cost for width, cost in steps}
        program.row({variable: 1.0, **dict.fromkeys(parts, -1.0)}, 0, 0)
        costs |= parts
    _put_conditions(program, problem, strata, cells, by_speaker)
    for number, variable in enumerate(problem.matched):
        for value, (low, high) in enumerate(zip(limits.low[number], limits.high[number], strict=True)):
            inside = problem.grid.members(variable, value)
            terms = {cells[m]: 1.0 for m in cells if inside[m]}
            if low > 0 and not terms:
                return None
            program.row(terms, low, high)
    solved = program.solve(costs)
    if solved is None:
        return None
    demand = np.zeros(available.size, dtype=np.int64)
    demand[list(cells)] = whole(solved, cells.values())
    return demand


def _steps(problem: Problem, strata: Strata, cell: int, available: int) -> list[tuple[int, float]]:
    """Width and cost of each further step of utterances of a cell.

    If every utterance drew a lot between 0 and 1 and the lowest were taken, the k-th of n would cost k / (n + 1) on
    average: with these costs, cells give in proportion to what they hold.
    """
    values = [problem.grid.values[v][i] for v, i in enumerate(problem.grid.cells[cell])]
    chance = words(problem.seed, "cell", strata.group, *values)
    steps: list[tuple[int, float]] = []
    taken, width, most = 0, 1, min(available, problem.utterances)
    while taken < most:
        step = min(width, most - taken)
        lot = Fraction(2 * taken + step + 1, 2 * (available + 1))
        noise = (chance[len(steps) % 8] >> (len(steps) // 8)) % 1000
        steps.append((step, float(round(10_000 * lot) * 1000 + noise)))
        taken += step
        width = 1 if len(steps) < SINGLE_STEPS else 2 * width
    return steps


def _put_conditions(
    program: Program, problem: Problem, strata: Strata, cells: dict[int, int], by_speaker: set[str]
) -> None:
    """Add the conditions on the number of utterances, and on the speakers of a group that is short of them."""
    program.row(dict.fromkeys(cells.values(), 1.0), problem.utterances, problem.utterances)
    if strata.group not in by_speaker:
        return
    put_speakers(program, strata, cells, {}, problem.per_speaker)
    heard = _put_flow(program, strata, cells, least=-np.inf, each=1)
    for edges in heard:
        program.row(dict.fromkeys(edges, 1.0), most=1)
    program.row({edge: 1.0 for edges in heard for edge in edges}, least=problem.speakers_min)


def put_speakers(program: Program, strata: Strata, cells: dict[int, int], share: dict[int, float], most: float) -> None:
    """Let speakers give what the cells give, nobody more than a share of a variable, or than a number.

    This is a flow: if the cells give whole numbers, so can the speakers. That enough speakers are heard is a second
    flow, in which everybody gives at most one utterance; the two combine into one selection, since adding utterances
    along augmenting paths silences nobody.
    """
    for edges in _put_flow(program, strata, cells, least=0, each=math.inf):
        program.row({**dict.fromkeys(edges, 1.0), **share}, most=most)


def _put_flow(program: Program, strata: Strata, cells: dict[int, int], least: float, each: float) -> list[list[int]]:
    """Variables for what each stratum gives, by speaker; their sum in a cell minus what it gives is `least` to 0."""
    of_cell: dict[int, list[int]] = {cell: [] for cell in cells}
    of_speaker: list[list[int]] = [[] for _ in strata.speakers]
    for speaker, cell, count in zip(strata.speaker.tolist(), strata.cell.tolist(), strata.count.tolist(), strict=True):
        edge = program.variable(0, min(count, each), whole=False)
        of_cell[cell].append(edge)
        of_speaker[speaker].append(edge)
    for cell, edges in of_cell.items():
        program.row({**dict.fromkeys(edges, 1.0), cells[cell]: -1.0}, least=least, most=0)
    return of_speaker


def limits_of(problem: Problem, wanted: Targets, by_speaker: set[str], exact: bool) -> Limits | None:
    """Numbers that all groups can meet together: as equal as possible, then as near as possible to those wanted.

    Args:
        problem: What is asked for.
        wanted: Numbers by the natural shares.
        by_speaker: Groups whose speakers are to be in the programme.
        exact: Whether cells must be whole numbers; otherwise only the limits are, which is faster and nearly always
            enough.

    Returns:
        The limits; None if there are none.
    """
    joint = Joint(problem, wanted, exact)
    for strata in problem.strata:
        joint.add_group(strata, by_speaker)
    return joint.best()


class Joint:
    """The programme of all groups together."""

    def __init__(self, problem: Problem, wanted: Targets, exact: bool) -> None:
        self.problem, self.wanted, self.exact = problem, wanted, exact
        self.program = Program()
        self.low: list[list[int]] = []
        self.high: list[list[int]] = []
        for number, variable in enumerate(problem.matched):
            slack = problem.slack(variable) or 0
            bounds = [self._bounds(variable, value) for value in range(wanted[number].size)]
            low = [self.program.variable(*ends) for ends in bounds]
            high = [self.program.variable(*ends) for ends in bounds] if slack else low
            for one, other in zip(low, high, strict=True) if slack else ():
                self.program.row({other: 1.0, one: -1.0}, 0, slack)
            self.low.append(low)
            self.high.append(high)

    def _bounds(self, variable: int, value: int) -> tuple[int, int]:
        if self.problem.parallel(variable):
            return 0, 1
        return self.problem.given(variable, value) or (0, self.problem.utterances)

    def add_group(self, strata: Strata, by_speaker: set[str]) -> None:
        """Add the cells of a group."""
        problem = self.problem
        available = strata.available(len(problem.grid.cells))
        most = np.minimum(available, problem.utterances)
        cells = {int(m): self.program.variable(0, most[m], self.exact) for m in np.flatnonzero(available)}
        _put_conditions(self.program, problem, strata, cells, by_speaker)
        for number, variable in enumerate(problem.matched):
            for value in range(len(problem.grid.values[variable])):
                inside = problem.grid.members(variable, value)
                terms = {cells[m]: 1.0 for m in cells if inside[m]}
                self.program.row({**terms, self.low[number][value]: -1.0}, least=0)
                self.program.row({**terms, self.high[number][value]: -1.0}, most=0)

    def best(self) -> Limits | None:
        """Minimise the ranges, then the distance from what is wanted, then the costs by name."""
        solved = None
        for costs in (self._ranges(), self._distances(), self._names()):
            if costs or solved is None:
                solved = self.program.solve(costs)
                if solved is None:
                    return None
                value = sum(cost * solved[variable] for variable, cost in costs.items())
                self.program.row(costs, most=round(value))
        assert solved is not None, "three objectives were solved"
        low = tuple(whole(solved, variables) for variables in self.low)
        return Limits(low, tuple(whole(solved, variables) for variables in self.high))

    def _ends(self) -> Iterator[tuple[int, int, int, int]]:
        """For each matched value: number of its variable, its own number, and its lower and upper limit."""
        for number, (lows, highs) in enumerate(zip(self.low, self.high, strict=True)):
            for value, (low, high) in enumerate(zip(lows, highs, strict=True)):
                yield number, value, low, high

    def _ranges(self) -> dict[int, float]:
        return {
            end: sign for _, _, low, high in self._ends() if low != high for end, sign in ((high, 1.0), (low, -1.0))
        }

    def _distances(self) -> dict[int, float]:
        away: dict[int, float] = {}
        for number, value, low, high in self._ends():
            if not self.problem.parallel(self.problem.matched[number]):
                for end in dict.fromkeys((low, high)):
                    distance = self.program.variable(0, math.inf, whole=False)
                    target = float(self.wanted[number][value])
                    self.program.row({end: 1.0, distance: -1.0}, most=target)
                    self.program.row({end: 1.0, distance: 1.0}, least=target)
                    away[distance] = 1.0
        return away

    def _names(self) -> dict[int, float]:
        costs: dict[int, float] = {}
        for number, value, low, high in self._ends():
            variable = self.problem.matched[number]
            name = self.problem.grid.values[variable][value]
            chance = words(self.problem.seed, "limits", self.problem.grid.variables[variable], name)
            costs[high] = float(chance[1] % 1000 + 1000)
            costs[low] = float(chance[0] % 1000)
            if self.problem.parallel(variable):
                costs[low] = float(_text_cost(self.problem, name))
        return costs


def largest(problem: Problem, most: int) -> int:
    """An upper bound on the size of any selection, from all groups together in fractions.

    Args:
        problem: What is asked for; its number of utterances does not matter.
        most: Another such bound.

    Returns:
        The largest whole number of utterances at which fractions of utterances could match; 0 if there is none.
    """
    program = Program()
    number = program.variable(0, most)
    ends: list[list[tuple[int, int]]] = []
    for variable in problem.matched:
        top = 1 if problem.parallel(variable) else most
        pairs = [
            (program.variable(0, top, False), program.variable(0, top, False)) for _ in problem.grid.values[variable]
        ]
        ends.append(pairs)
        tolerance = Fraction(0) if problem.parallel(variable) else problem.tolerance[variable] or Fraction(0)
        for low, high in pairs:
            program.row({high: 1.0, low: -1.0, number: -float(tolerance)}, most=1e-9)
    for strata in problem.strata:
        _add_in_fractions(program, problem, strata, number, ends)
    solved = program.solve({number: -1.0})
    return 0 if solved is None else int(whole(solved, [number])[0])


def _add_in_fractions(
    program: Program,
    problem: Problem,
    strata: Strata,
    number: int,
    ends: Sequence[Sequence[tuple[int, int]]],
) -> None:
    available = strata.available(len(problem.grid.cells))
    cells = {int(m): program.variable(0, available[m], False) for m in np.flatnonzero(available)}
    program.row({**dict.fromkeys(cells.values(), 1.0), number: -1.0}, 0, 0)
    if strata.count.size <= MOST_STRATA:
        put_speakers(program, strata, cells, {number: -float(problem.max_share)}, 1e-9)
    for index, variable in enumerate(problem.matched):
        for value, (low, high) in enumerate(ends[index]):
            inside: NDArray[np.bool_] = problem.grid.members(variable, value)
            terms = {cells[m]: 1.0 for m in cells if inside[m]}
            program.row({**terms, low: -1.0}, least=0)
            program.row({**terms, high: -1.0}, most=0)
