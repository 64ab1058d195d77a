"""A selection of a given size, and the largest there is."""

import numpy as np

from augment.design.selection.counts import counts_of, largest
from augment.design.selection.problem import Problem, most_utterances
from augment.design.selection.speakers import share_out
from augment.design.selection.strata import Counts

Found = tuple[int, dict[str, Counts]]
"""Utterances of each group, and how many to take from each of its strata."""


def wished(problem: Problem) -> Found | None:
    """The selection that a recipe asks for: of a given size, or as large as all groups allow."""
    return largest_selection(problem) if problem.largest else selection_of(problem)


def selection_of(problem: Problem) -> Found | None:
    """A selection of the size asked for; None if it is proven that there is none."""
    if most_utterances(problem) < problem.utterances or problem.utterances < problem.speakers_min:
        return None
    if problem.demands is not None and not problem.demands.met(problem.utterances, len(problem.strata)):
        return None
    if problem.matched:
        counts = counts_of(problem)
        return None if counts is None else (problem.utterances, counts)
    shared: dict[str, Counts] = {}
    for strata in problem.strata:
        demand = np.array([problem.utterances])
        found = share_out(strata.merged(), demand, problem.speakers_min, problem.per_speaker)
        if found is None:
            return None
        shared[strata.group] = found
    return problem.utterances, shared


def largest_selection(problem: Problem, below: int | None = None) -> Found | None:
    """The largest selection, or the largest of fewer utterances than `below`; None if there is none at all.

    The search goes down from a bound in fractions to the first number that can be met: feasible numbers need not be
    contiguous, since what one speaker may give is a share rounded down.
    """
    most = min(most_utterances(problem), min(strata.total for strata in problem.strata))
    if below is not None:
        most = min(most, below - 1)
    while problem.matched:
        bound = largest(problem, most)
        if bound >= most:
            break
        most = bound
    for number in range(most, max(problem.speakers_min, 1) - 1, -1):
        found = selection_of(problem.replaced(utterances=number))
        if found is not None:
            return found
    return None
