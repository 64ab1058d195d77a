"""Mixed-integer linear programmes over counts, built row by row and solved by HiGHS (:func:`scipy.optimize.milp`)."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from augment.errors import DesignError, Fault

WHOLE = 1e-6
SOLVED, LIMIT, INFEASIBLE = 0, 1, 2
_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the time that all programmes solved inside take together; it decides only whether there is an answer.

    Example:
        >>> program = Program()
        >>> x = program.variable(0, 3)
        >>> with within(60):
        ...     program.solve({x: -1.0}).tolist()
        [3.0]
    """
    token = _end.set(min(_end.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


class UnsolvedError(DesignError):
    """Neither a selection nor a proof that there is none was found in time."""


class Program:
    """A programme under construction: variables with bounds, rows with limits, one objective at a time.

    Example:
        >>> program = Program()
        >>> x, y = program.variable(0, 3), program.variable(0, 3)
        >>> program.row({x: 1, y: 1}, least=4)
        >>> [round(float(v)) for v in program.solve({x: 1})]
        [1, 3]
    """

    def __init__(self) -> None:
        self._low: list[float] = []
        self._high: list[float] = []
        self._whole: list[bool] = []
        self._rows: list[tuple[Mapping[int, float], float, float]] = []

    def variable(self, low: float, high: float, whole: bool = True) -> int:
        """Add a variable; the number by which it is known."""
        self._low.append(low)
        self._high.append(high)
        self._whole.append(whole)
        return len(self._low) - 1

    def row(self, terms: Mapping[int, float], least: float = -np.inf, most: float = np.inf) -> None:
        """Add a condition on a sum of variables."""
        self._rows.append((terms, least, most))

    def solve(self, costs: Mapping[int, float]) -> NDArray[np.float64] | None:
        """Values of proven least cost; None if the programme is infeasible.

        Raises:
            UnsolvedError: The solver gives up.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        left_s = min(1e6, max(0.1, _end.get() - time.monotonic()))
        size = len(self._low)
        cost = np.zeros(size)
        cost[list(costs)] = list(costs.values())
        terms = [(r, v, c) for r, (row, _, _) in enumerate(self._rows) for v, c in row.items()]
        number, column, value = (np.array(part) for part in zip(*terms, strict=True)) if terms else ((),) * 3
        matrix = csr_array((value, (number, column)), shape=(len(self._rows), size))
        limits = LinearConstraint(matrix, [r[1] for r in self._rows], [r[2] for r in self._rows])
        found = milp(
            cost, integrality=np.array(self._whole, dtype=int), bounds=Bounds(self._low, self._high),
            constraints=limits if self._rows else None, options={"mip_rel_gap": 0.0, "time_limit": left_s},
        )  # fmt: skip
        if found.status == INFEASIBLE:
            return None
        if found.status != SOLVED:
            why = "its time is over" if found.status == LIMIT else found.message
            message = f"the solver gave up ({why}): whether the corpus can carry this selection is not known"
            raise UnsolvedError(
                Fault("", message, "match fewer labels, raise balance.tolerance, or ask for fewer speakers")
            )
        return np.asarray(found.x)


def whole(values: NDArray[np.float64], variables: Iterable[int]) -> NDArray[np.int64]:
    """Values of whole variables, rounded to remove the solver's tolerance."""
    return np.rint(values[list(variables)]).astype(np.int64)
