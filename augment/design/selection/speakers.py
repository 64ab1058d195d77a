"""Who says it: the utterances of each cell shared out among the speakers of a group, as evenly as possible.

This is a flow problem: cells demand utterances, speakers supply them, strata are the capacities. Every speaker gives
one utterance before anybody gives a second. It is solved by augmenting paths (Ford and Fulkerson, 1956) in a fixed
order: nothing is left to a solver, so every version of every library finds the same.
"""

from collections import deque
from collections.abc import Iterable

import numpy as np

from augment.design.selection.strata import Counts, Strata


def share_out(strata: Strata, demand: Counts, speakers_min: int, per_speaker: int) -> Counts | None:
    """Share utterances out among speakers.

    Args:
        strata: Utterances of a group.
        demand: How many are wanted from each cell, shape (cells,).
        speakers_min: Fewest speakers.
        per_speaker: Most utterances of one speaker.

    Returns:
        How many to take from each stratum, shape (e,), as evenly spread over speakers as possible; None if the demand
        cannot be met, or not by enough speakers.
    """
    if per_speaker < 1:
        return None  # the share is so small that nobody may say anything
    if demand.size == 1 and bool(np.all(np.diff(strata.speaker) > 0)):
        return _poured(strata.count, int(demand[0]), speakers_min, per_speaker)
    flow = _Flow(strata, demand)
    flow.raise_to(1)
    if int(flow.load.sum()) < speakers_min:
        return None
    for most in range(2, per_speaker + 1):
        if not flow.unmet.any():
            break
        flow.raise_to(most)
    return None if flow.unmet.any() else flow.taken


def _poured(count: Counts, wanted: int, speakers_min: int, per_speaker: int) -> Counts | None:
    """The same for one cell, without looking for paths: all speakers give up to a number, the first ones one more.

    Args:
        count: Utterances of each speaker, shape (e,).
        wanted: How many are wanted.
        speakers_min: As for :func:`share_out`.
        per_speaker: As for :func:`share_out`.
    """
    most = np.minimum(count, per_speaker)
    if int(most.sum()) < wanted or min(wanted, int((most > 0).sum())) < speakers_min:
        return None
    low, high = 0, int(most.max(initial=0))  # the largest level that does not exceed what is wanted lies between
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if int(np.minimum(most, level).sum()) <= wanted else (low, level - 1)
    taken = np.minimum(most, low)
    more = np.flatnonzero(most > low)[: wanted - int(taken.sum())]
    taken[more] += 1
    return taken


class _Flow:
    def __init__(self, strata: Strata, demand: Counts) -> None:
        self.strata = strata
        self.unmet = demand.copy()
        self.taken = np.zeros(strata.count.size, dtype=np.int64)
        self.load = np.zeros(len(strata.speakers), dtype=np.int64)
        wanted = np.flatnonzero(demand > 0).tolist()
        self.of_cell: dict[int, list[int]] = {cell: [] for cell in wanted}
        self.of_speaker: dict[int, list[int]] = {}
        self.order = wanted
        for edge, (speaker, cell) in enumerate(zip(strata.speaker.tolist(), strata.cell.tolist(), strict=True)):
            if cell in self.of_cell:
                self.of_cell[cell].append(edge)
                self.of_speaker.setdefault(speaker, []).append(edge)
        for edges in self.of_cell.values():
            edges.sort(key=lambda edge: (int(strata.speaker[edge]), edge))

    def raise_to(self, most: int) -> None:
        """Take as much as possible while no speaker gives more than a given number."""
        dead_cells: set[int] = set()
        dead_speakers: set[int] = set()
        for cell in self.order:
            while self.unmet[cell] and cell not in dead_cells:
                path = self._path(cell, most, dead_cells, dead_speakers)
                for turn, edge in enumerate(path):
                    self.taken[edge] += 1 if turn % 2 == 0 else -1
                if path:
                    self.load[self.strata.speaker[path[-1]]] += 1
                    self.unmet[cell] -= 1

    def _path(self, start: int, most: int, dead_cells: set[int], dead_speakers: set[int]) -> list[int]:
        """Strata along which one more utterance can reach a cell: take, give back, take, ...

        Empty if there is no such path; everything visited is then marked as dead.
        """
        came: dict[int, tuple[int, int]] = {}
        cells, queue = {start}, deque([start])
        while queue:
            cell = queue.popleft()
            for edge in self.of_cell[cell]:
                speaker = int(self.strata.speaker[edge])
                if self.taken[edge] >= self.strata.count[edge] or speaker in came or speaker in dead_speakers:
                    continue
                came[speaker] = (edge, -1)
                if self.load[speaker] < most:
                    return self._back(speaker, came, start)
                for other in self._given(speaker):
                    beyond = int(self.strata.cell[other])
                    if beyond not in cells and beyond not in dead_cells:
                        cells.add(beyond)
                        queue.append(beyond)
                        came[-1 - beyond] = (other, speaker)
        dead_cells |= cells
        dead_speakers |= {node for node in came if node >= 0}
        return []

    def _given(self, speaker: int) -> Iterable[int]:
        return (edge for edge in self.of_speaker[speaker] if self.taken[edge])

    def _back(self, speaker: int, came: dict[int, tuple[int, int]], start: int) -> list[int]:
        path: list[int] = []
        while True:
            edge, _ = came[speaker]
            path.append(edge)
            cell = int(self.strata.cell[edge])
            if cell == start:
                break
            other, speaker = came[-1 - cell]
            path.append(other)
        # The path ends with the speaker whose load grows.
        return path[::-1]
