"""What a reader of a corpus saw and did not use, by kind and number: one place that accounts for all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from augment.errors import named
from augment.notes import Effect, Note


class Leftover(StrEnum):
    """What may be passed over; the value is the wording of messages."""

    FILES = "files of other kinds"
    TEXTS = "texts beside no audio"
    AUDIO = "audio files that no row names"
    PARTS = "parts of samples"
    MEMBERS = "members of archives"
    COLUMNS = "columns"
    FIELDS = "fields"
    ROWS = "rows"
    RECORDINGS = "recordings"
    TEST_SETS = "folders of test sets"


@dataclass(frozen=True)
class Unused:
    """Things of one kind and name that were seen and not used.

    Attributes:
        kind: What they are.
        name: What tells them apart: the ending of file names, or the name of a column with the kind of its cells.
        count: How many.
    """

    kind: Leftover
    name: str
    count: int


def unused_notes(unused: Iterable[Unused]) -> list[Note]:
    """One note for each kind.

    Example:
        >>> found = [Unused(Leftover.FILES, ".m4a", 12), Unused(Leftover.COLUMNS, "mel: bytes", 1)]
        >>> print(*unused_notes(found), sep="; ")
        not used: columns: mel: bytes (1); not used: files of other kinds: .m4a (12)
    """
    ordered = sorted(unused, key=lambda found: (found.kind, -found.count, found.name))
    told = [
        f"not used: {kind}: {named([f'{found.name} ({found.count})' for found in group])}"
        for kind, group in groupby(ordered, key=lambda found: found.kind)
    ]
    return [Note(text, Effect.LEFT_OUT, text) for text in told]
