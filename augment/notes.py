"""What a user should know without being at fault, and what it does to a comparison."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from augment.plain_text import cut

LONGEST = 70
"""Columns of a headline: with its number before it, it stands on one line of a terminal."""
_CLAUSE = re.compile(r"; |: | - | \(")


class Effect(IntEnum):
    """What a thing does to a comparison, the gravest first."""

    CONFOUNDED = 1
    """Groups or conditions differ in something else too, and it is taken for what they are compared by."""
    TOO_WEAK = 2
    """A difference cannot be shown, or nobody can tell whose it is."""
    LABEL = 3
    """A label, a text or a level may not be what it says."""
    LICENCE = 4
    """Something stands in the way of passing the set on: licences, credits, names."""
    LEFT_OUT = 5
    """Something that is there is not used."""
    HOUSEKEEPING = 6
    """Good to know; it changes no comparison."""

    @property
    def word(self) -> str:
        """Its name for programs: ``confounded``, ``too_weak`` and so on."""
        return self.name.lower()


@dataclass(frozen=True)
class Note:
    """One thing that a user should know.

    Attributes:
        text: All of it: what was found, what it may do, and what to do about it.
        effect: What it does to a comparison.
        short: The same in a few words; by default the first clause of the text.
        size: How large it is among those of one effect: 0 where nobody knows, 1 for the largest that can be.

    Example:
        >>> note = Note("5 rows have no accent: they are no group's", Effect.LEFT_OUT)
        >>> print(note), print(note.headline)
        5 rows have no accent: they are no group's
        5 rows have no accent
        (None, None)
    """

    text: str
    effect: Effect
    short: str = ""
    size: float = 0.0

    def __str__(self) -> str:
        return self.text

    @property
    def headline(self) -> str:
        """The short form on one line, at most 70 columns wide."""
        return cut(self.short or _CLAUSE.split(self.text, maxsplit=1)[0], LONGEST)

    @property
    def record(self) -> dict[str, str]:
        """What a program is told."""
        return {"effect": self.effect.word, "short": self.headline, "text": self.text}


def by_gravity(notes: Iterable[Note]) -> list[Note]:
    """Each note once, the gravest first: by what they do to a comparison, then by size, then as they came.

    Example:
        >>> notes = [Note("a", Effect.LABEL), Note("b", Effect.CONFOUNDED), Note("c", Effect.CONFOUNDED, size=0.5)]
        >>> [note.text for note in by_gravity(notes)]
        ['c', 'b', 'a']
    """
    return sorted(dict.fromkeys(notes), key=lambda note: (note.effect, -note.size))


def texts(notes: Iterable[Note]) -> list[str]:
    """Notes in full, for files."""
    return [note.text for note in notes]
