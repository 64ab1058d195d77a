"""Everything a user can get wrong, as exceptions.

::

    AcoustigridError
    ├── RecipeError      the recipe asks for something that cannot be done
    ├── CorpusError      the manifest of the clean speech, or what its rows hold
    ├── ProfileError     a noise, equipment or microphone profile
    ├── AudioError       one file that cannot be used as audio
    ├── DesignError      the corpus cannot carry the design that the recipe asks for
    ├── RenderError      one item that cannot be rendered
    ├── TestSetError     the folder of a test set
    ├── ScoreError       a recogniser's output, or what is asked of it
    └── StoreError       an object store that refuses to be read

An error holds one or more faults: a user who has made five mistakes is told of five.
"""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from augment.plain_text import visible


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what was found, what to do.

    Attributes:
        where: File, with line, column or row where known; empty when there is no place to point at.
        message: What was found and what was expected.
        remedy: What the user can do; empty when the message says it.

    Example:
        >>> print(Fault("r.yaml:3:5", "unknown field 'snr_bd'", "did you mean 'snr_db'?"))
        r.yaml:3:5: unknown field 'snr_bd' - did you mean 'snr_db'?
    """

    where: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" - {self.remedy}" if self.remedy else ""
        return visible(f"{place}{self.message}{advice}")  # stays on one line, whatever it quotes


class AcoustigridError(Exception):
    """Base of all errors that a user can cause and put right.

    Args:
        faults: One message, one fault, or all faults of one kind that were found together.
        notes: What else is worth knowing, without being a fault.

    Example:
        >>> error = AcoustigridError([Fault("a.wav", "is empty"), Fault("b.wav", "is missing")])
        >>> [fault.where for fault in error.faults]
        ['a.wav', 'b.wav']
    """

    def __init__(self, faults: str | Fault | Iterable[Fault], notes: Iterable[str] = ()) -> None:
        if isinstance(faults, str):
            faults = Fault("", faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        self.notes = tuple(notes)
        super().__init__("\n".join([*map(str, self.faults), *(f"note: {visible(note)}" for note in self.notes)]))

    def seen_from(self, where: str, what: str = "") -> list[Fault]:
        """The same faults, reported at another place: the row that names what they are about."""
        return [Fault(where, f"{what}{f.where and f'{f.where}: '}{f.message}", f.remedy) for f in self.faults]

    def __reduce__(self) -> tuple[type["AcoustigridError"], tuple[tuple[Fault, ...], tuple[str, ...]]]:
        return type(self), (self.faults, self.notes)


class RecipeError(AcoustigridError):
    """The recipe asks for something that cannot be done.

    Example:
        >>> print(RecipeError(Fault("hospital.yaml:3:25", "unknown field 'utterences'")))
        hospital.yaml:3:25: unknown field 'utterences'
    """


class CorpusError(AcoustigridError):
    """The manifest of the clean speech, or a row of it, cannot be used.

    Example:
        >>> print(CorpusError(Fault("corpus.jsonl:7", "the row has no text")))
        corpus.jsonl:7: the row has no text
    """


class ProfileError(AcoustigridError):
    """A noise, equipment or microphone profile cannot be used.

    Example:
        >>> print(ProfileError(Fault("fan.yaml:4:1", "the field 'components' is missing")))
        fan.yaml:4:1: the field 'components' is missing
    """


class AudioError(AcoustigridError):
    """A file cannot be used as audio.

    Example:
        >>> print(AudioError(Fault("a.wav", "the file is empty")))
        a.wav: the file is empty
    """


class DesignError(AcoustigridError):
    """The corpus cannot carry the design that the recipe asks for.

    Example:
        >>> print(DesignError(Fault("hospital.yaml", "'Scottish' has 9 utterances, 12 are asked for")))
        hospital.yaml: 'Scottish' has 9 utterances, 12 are asked for
    """


class RenderError(AcoustigridError):
    """One item cannot be rendered.

    Example:
        >>> print(RenderError(Fault("", "no active speech is found")))
        no active speech is found
    """


class TestSetError(AcoustigridError):
    """The folder of a test set cannot be used.

    Example:
        >>> print(TestSetError(Fault("testset", "there is no finished test set in this folder")))
        testset: there is no finished test set in this folder
    """

    __test__ = False  # not a test case, whatever its name says to pytest


class ScoreError(AcoustigridError):
    """A recogniser's output cannot be scored, or not as is asked.

    Example:
        >>> print(ScoreError(Fault("whisper.jsonl:2", "there is no item 'a7'")))
        whisper.jsonl:2: there is no item 'a7'
    """


class StoreError(AcoustigridError):
    """An object store refuses to be read: that says nothing about the file, and ends the whole command.

    Example:
        >>> print(StoreError(Fault("s3://bucket/a.wav", "cannot be read: the credentials have expired")))
        s3://bucket/a.wav: cannot be read: the credentials have expired
    """


def gathered(faults: Iterable[Fault]) -> list[Fault]:
    """Faults, with many of the same wording merged into one: a file in the wrong format is one fault, not fifty.

    Example:
        >>> print(*gathered(Fault(f"m.jsonl:{row}", "the row names no audio file") for row in range(1, 9)))
        m.jsonl:1: the row names no audio file; and 7 more like it, up to m.jsonl:8
    """
    alike: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        alike.setdefault((fault.message, fault.remedy), []).append(fault)
    found = []
    for (message, remedy), group in alike.items():
        if len(group) > MOST_ALIKE:
            more = f"{message}; and {len(group) - 1} more like it, up to {group[-1].where}"
            found.append(Fault(group[0].where, more, remedy))
        else:
            found += group
    return found


MOST_ALIKE = 4
MOST_SHOWN = 24
MOST_NAMED = 10
FEW_NAMED = 5
"""For long names, and for messages with several lists."""


def nearest(name: str, known: Sequence[str]) -> str:
    """Say which known name was probably meant.

    Example:
        >>> nearest("mri_epy", ["mri_epi", "mains_hum_50"])
        "did you mean 'mri_epi'?"
        >>> nearest("zebra", ["mri_epi", "mains_hum_50"])
        'one of: mains_hum_50, mri_epi'
        >>> nearest("zebra", [f"lion_{n}" for n in range(30)])
        'none of the 30 names is near it'
    """
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if len(known) > MOST_SHOWN:
        return f"none of the {len(known)} names is near it"
    return f"one of: {', '.join(sorted(known))}" if known else ""


def counted(number: int, what: str, plural: str = "") -> str:
    """A number of things.

    Args:
        number: How many.
        what: One of them, with its verb or without.
        plural: Several of them, where the plural is not formed with an s.

    Example:
        >>> counted(1, "group"), counted(2, "group"), counted(1, "row has", "rows have")
        ('1 group', '2 groups', '1 row has')
    """
    return f"{number} {what if number == 1 else plural or what + 's'}"


def named(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Names as text; only the first few if there are many.

    Example:
        >>> named(["a", "b"]), named([str(n) for n in range(12)])
        ('a, b', '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def flow_text(value: str) -> str:
    r"""A text as YAML spells it inside brackets, so that a remedy can be copied into a recipe.

    Example:
        >>> print(flow_text("Scottish"), flow_text("US (neutral)"), flow_text("It's \"x\""), flow_text("no"))
        Scottish 'US (neutral)' "It's \"x\"" 'no'
    """
    if re.fullmatch(r"[A-Za-z][\w-]*", value, re.ASCII) and value.casefold() not in YAML_WORDS:
        return value
    if value.isprintable() and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some versions of YAML read as something other than text."""
