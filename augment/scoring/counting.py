"""Substitutions, deletions and insertions of every item."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from augment.scoring.wording import Wording

LONGEST_LOOP, FEWEST_REPEATS = 6, 4
"""Words of a phrase that is repeated, and how often it must stand in a row to count as a loop."""
AT_ONCE = 2000


@dataclass(frozen=True)
class Counts:
    """Errors of a recogniser, by item.

    Attributes:
        substitutions: Shape (n,).
        deletions: Shape (n,).
        insertions: Shape (n,).
        words: In the reference, shape (n,).
        looped: Whether the recogniser lost itself: see :func:`looped`. Shape (n,).
    """

    substitutions: NDArray[np.int64]
    deletions: NDArray[np.int64]
    insertions: NDArray[np.int64]
    words: NDArray[np.int64]
    looped: NDArray[np.bool_]

    @cached_property
    def errors(self) -> NDArray[np.int64]:
        return self.substitutions + self.deletions + self.insertions


def counted(references: Sequence[str], hypotheses: Sequence[str], wording: Wording) -> Counts:
    """Count errors by the alignment with the fewest edits, as :mod:`jiwer` makes it.

    Args:
        references: Texts as they are compared.
        hypotheses: The same, in the same order.
        wording: What a word is.

    Example:
        >>> found = counted(["a b c", "", "d"], ["a x c c", "e", ""], Wording())
        >>> found.substitutions.tolist(), found.deletions.tolist(), found.insertions.tolist(), found.words.tolist()
        ([1, 0, 0], [0, 0, 1], [1, 1, 0], [3, 0, 1])
    """
    size = len(references)
    table = np.zeros((3, size), dtype=np.int64)
    words = np.array([len(_units(text, wording)) for text in references], dtype=np.int64)
    table[2] = [len(_units(text, wording)) if not count else 0 for text, count in zip(hypotheses, words, strict=True)]
    said = np.flatnonzero(words)
    for start in range(0, said.size, AT_ONCE):
        some = said[start : start + AT_ONCE]
        table[:, some] = _aligned([references[n] for n in some], [hypotheses[n] for n in some], wording)
    errors = table.sum(axis=0)
    repeats = np.array([looped(text) for text in hypotheses], dtype=np.bool_)
    # What the reference repeats as well is no loop of the recogniser's.
    repeats &= ~np.array([looped(text) for text in references], dtype=np.bool_)
    return Counts(table[0], table[1], table[2], words, repeats | ((errors > words) & (words > 0)))


def _units(text: str, wording: Wording) -> Sequence[str]:
    return text if wording.unit == "char" else text.split()


def _aligned(references: list[str], hypotheses: list[str], wording: Wording) -> NDArray[np.int64]:
    import jiwer

    process = jiwer.process_characters if wording.unit == "char" else jiwer.process_words
    out = np.zeros((3, len(references)), dtype=np.int64)
    for number, chunks in enumerate(process(references, hypotheses).alignments):
        for chunk in chunks:
            if chunk.type == "substitute":
                out[0, number] += chunk.ref_end_idx - chunk.ref_start_idx
            elif chunk.type == "delete":
                out[1, number] += chunk.ref_end_idx - chunk.ref_start_idx
            elif chunk.type == "insert":
                out[2, number] += chunk.hyp_end_idx - chunk.hyp_start_idx
    return out


def looped(text: str) -> bool:
    """Whether a phrase of one to six words stands four times in a row or more, as where a recogniser lost the thread.

    Example:
        >>> looped("thank you thank you thank you thank you"), looped("no no no"), looped("a b c d e f g")
        (True, False, False)
    """
    words = text.split()
    for length in range(1, LONGEST_LOOP + 1):
        run = 0
        for place in range(length, len(words)):
            run = run + 1 if words[place] == words[place - length] else 0
            if run >= length * (FEWEST_REPEATS - 1):
                return True
    return False
