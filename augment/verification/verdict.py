"""What a check is asked to do, and what it answers."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from augment.errors import AcoustigridError, Fault, StoreError, counted
from augment.files.location import Location
from augment.plain_text import visible
from augment.records import frame_of
from augment.showing import Presented

if TYPE_CHECKING:
    import polars


RENDER_ALL = "--sample all"
"""How everything is checked that the files alone cannot tell."""


@dataclass(frozen=True)
class CheckOptions:
    """How a test set is to be checked.

    Attributes:
        size: How many items to render again; None for all of them.
        seed: Seed with which the sample is drawn.
        recipe_folder: Where the recipe was; None for the place that the build noted.
        identity: Hash that the maker published; None to skip the comparison.
    """

    size: int | None
    seed: int
    recipe_folder: Location | None = None
    identity: str | None = None


@dataclass(frozen=True)
class Unchecked:
    """Something that could not be checked, which is not a deviation.

    Attributes:
        what: What could not be checked.
        why: Why not.
        remedy: How it can be checked; empty if the reason says it.

    Example:
        >>> print(Unchecked("labels", "the corpus is not here", "say where with --recipe-folder"))
        not checked: labels, because the corpus is not here - say where with --recipe-folder
    """

    what: str
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"not checked: {self.what}, because {self.why}" + (f" - {self.remedy}" if self.remedy else "")


@dataclass(frozen=True)
class Verdict(Presented):
    """What a check found.

    Attributes:
        folder: The test set.
        files: Number of audio files that were read.
        rendered: Number of items that were rendered again.
        deviations: Everything that is not as it should be.
        unchecked: What could not be checked, and why.
        checks: What was checked and how, a name and a sentence each.
        remarks: What else is worth knowing, without being a deviation.
        identity: One hash of the whole set as it is; empty if a file of it is missing.
        seed: Seed with which the sample was drawn.

    Example:
        >>> from pathlib import Path
        >>> Verdict(Path("testset"), 384, 20, ())
        <Verdict on 'testset': all as it should be; 384 files read, 20 items rendered again>
    """

    folder: Location
    files: int
    rendered: int
    deviations: tuple[Fault, ...]
    unchecked: tuple[Unchecked, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    identity: str = ""
    seed: int = 0

    def __repr__(self) -> str:
        said = f"{counted(self.files, 'file')} read, {counted(self.rendered, 'item')} rendered again"
        return f"<Verdict on '{visible(str(self.folder))}': {visible(self.state)}; {said}>"

    @property
    def frame(self) -> "polars.DataFrame":
        """One row for each deviation: ``where``, ``message`` and ``remedy``.

        Example:
            >>> from pathlib import Path
            >>> Verdict(Path("set"), 4, 0, (Fault("a.wav", "is not as it was built"),)).frame.rows()
            [('a.wav', 'is not as it was built', '')]
        """
        return frame_of(Fault, self.deviations)

    @property
    def record(self) -> dict[str, Any]:
        """All of it as a program is told."""
        told = dataclasses.asdict(self)
        more = {"folder": str(self.folder), "sound": self.sound, "state": self.state, "checks": dict(self.checks)}
        return {**told, **more}

    @property
    def sound(self) -> bool:
        """Whether nothing deviates."""
        return not self.deviations

    @property
    def state(self) -> str:
        """The verdict in a few words; that all is as it should be is said only if everything was checked.

        Example:
            >>> from pathlib import Path
            >>> Verdict(Path("set"), 4, 4, ()).state, Verdict(Path("set"), 4, 0, (Fault("a", "b"),)).state
            ('all as it should be', '1 deviation')
            >>> Verdict(Path("set"), 4, 4, (), (Unchecked("labels", "the corpus is not here"),)).state
            'nothing deviates, but not all was checked: labels'
        """
        if self.deviations:
            return counted(len(self.deviations), "deviation")
        if self.unchecked:
            return f"nothing deviates, but not all was checked: {'; '.join(u.what for u in self.unchecked)}"
        return "all as it should be"


@dataclass
class Protocol:
    """What is recorded while a set is checked; see :class:`Verdict`."""

    folder: Location
    deviations: list[Fault] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def attempt(self, what: str, check: Callable[[], Iterable[Fault]]) -> bool:
        """Run one check of the set's own files, whatever they hold; returns whether it ran to its end.

        Args:
            what: What is checked.
            check: Returns what deviates.
        """
        try:
            self.deviations += check()
        except StoreError as error:  # of recipe, speech or noise: it says nothing about the set
            self.unchecked.append(Unchecked(what, str(error), ""))
        except AcoustigridError as error:
            self.deviations += error.faults
        except Exception as error:  # somebody else's file may hold anything, and no reader foresees everything
            message = f"{what} cannot be checked, since the set is damaged ({type(error).__name__}: {error})"
            self.deviations.append(Fault(str(self.folder), message, "build the test set again"))
        else:
            return True
        return False

    def all_rendered(self) -> None:
        """Every item was rendered again and compared: nothing is left that only this could have told."""
        self.unchecked = [one for one in self.unchecked if one.remedy != RENDER_ALL]

    def verdict(self, files: int, rendered: int, identity: str, seed: int) -> Verdict:
        """The verdict; arguments as for :class:`Verdict`."""
        return Verdict(
            self.folder, files, rendered, tuple(self.deviations), tuple(self.unchecked), tuple(self.checks),
            tuple(self.remarks), identity, seed,
        )  # fmt: skip
