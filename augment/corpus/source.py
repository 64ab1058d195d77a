"""What a reader works on: a manifest or the folder of a corpus, and the lines of its files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from augment.bounds import LONGEST_LINE_BYTES
from augment.corpus.unused import Leftover, Unused
from augment.errors import CorpusError, Fault, nearest
from augment.files.lines import text_lines
from augment.files.location import Location, Url
from augment.notes import Effect, Note
from augment.plugins import by_name
from augment.profiles.recording import SUFFIXES as AUDIO

Row = dict[str, Any]
REMEDY = "fetch the corpus, or write one manifest of it with `corpus import` and put that into the store"

Place = int | str
"""Where a row stands: the line of a manifest, or ``file:line`` below the folder of a corpus."""


@dataclass(frozen=True)
class ReaderNote:
    """Something that a reader has to say about a corpus.

    Attributes:
        message: The message, without names.
        speakers: Speakers it is about, kept apart since a corpus under pseudonyms must not name them.
        effect: What it does to a comparison.
    """

    message: str
    speakers: tuple[str, ...] = ()
    effect: Effect = Effect.LEFT_OUT

    def under(self, renamed: Callable[[str], str]) -> Note:
        """The note with its speakers renamed."""
        told = " ".join([self.message, ", ".join(sorted(map(renamed, self.speakers)))]).strip()
        return Note(told, self.effect, told)


@dataclass(frozen=True)
class Source:
    """A corpus as it lies on the disk.

    Attributes:
        path: The manifest, or the folder of the corpus.
        pattern: How files of a plain folder are named, where the recipe says so.
        notes: What a reader has to say; see :meth:`tell`.
        seen: What a reader passed over, counted; see :meth:`pass_over`.
    """

    path: Location
    pattern: str | None = None
    notes: list[ReaderNote] = field(default_factory=list)
    seen: Counter[tuple[Leftover, str]] = field(default_factory=Counter)

    @cached_property
    def local(self) -> Path:
        """The manifest or folder on this machine, for readers that look around there.

        Raises:
            CorpusError: It is in an object store.
        """
        if isinstance(self.path, Url):
            message = "this layout is read from folders of this machine only"
            raise CorpusError(Fault(str(self.path), message, REMEDY))
        return self.path

    @cached_property
    def folder(self) -> Path:
        """Where relative paths start, on this machine; errors as for :attr:`local`."""
        return self.local if self.local.is_dir() else self.local.parent

    def lines(self, name: str | None = None) -> Iterator[str]:
        """Lines of the manifest, or of a file below the folder, each with the line feed that ends it.

        Args:
            name: Path of the file below the folder; the manifest itself if not given.

        Raises:
            CorpusError: As for :func:`augment.files.lines.text_lines`.
        """
        return text_lines(self.path if name is None else self.folder / name, CorpusError)

    def words(self, name: str) -> str:
        """The text of one utterance that a file below the folder holds, its words separated by single blanks.

        Raises:
            CorpusError: As for :func:`augment.files.lines.text_lines`, or it is longer than any text.
        """
        path = self.folder / name
        if path.is_file() and path.stat().st_size > LONGEST_LINE_BYTES:
            message = f"the text of an utterance has more than {LONGEST_LINE_BYTES:,} bytes"
            raise CorpusError(Fault(str(path), message, "is it another kind of file?"))
        return " ".join("".join(self.lines(name)).split())

    def has(self, name: str) -> bool:
        """Whether there is a file or folder of this name below the folder."""
        return (self.folder / name).exists()

    def start(self, file: str) -> str:
        """Prefix for the relative paths of tools that resolve them from wherever they happen to run.

        Args:
            file: The first audio file, as it is written.

        Returns:
            The path to the first of the folder and the two above it from which the file can be found; empty for the
            folder itself, and where none of them will do.
        """
        for above in (0, 1, 2):
            if (self.folder / Path(*[".."] * above) / file).is_file():
                return "/".join([".."] * above)
        return ""

    def where(self, place: Place) -> str:
        """How a message names a row."""
        return where(self.path, place)

    def tell(self, message: str, speakers: Iterable[str] = (), effect: Effect = Effect.LEFT_OUT) -> None:
        """Tell the user something once all rows are read.

        Args:
            message: The message; it names no speaker.
            speakers: Speakers whom it is about; their names follow the message.
            effect: What it does to a comparison.
        """
        self.notes.append(ReaderNote(message, tuple(speakers), effect))

    def pass_over(self, kind: Leftover, name: str, count: int = 1) -> None:
        """Account for something that is there and is not used.

        Args:
            kind: What it is.
            name: What tells it apart from others of its kind, such as a file name ending; it names no speaker.
            count: How many there are.
        """
        self.seen[kind, name] += count

    @property
    def unused(self) -> tuple[Unused, ...]:
        """What was passed over so far."""
        return tuple(Unused(kind, name, count) for (kind, name), count in sorted(self.seen.items()) if count)

    def fault(self, place: Place, message: str, remedy: str = "") -> Fault:
        """A fault of a row."""
        return Fault(self.where(place), message, remedy)


def folder_of(path: Location) -> Location:
    """Where relative audio paths start: the folder of a corpus, or that of its manifest."""
    return path if path.is_dir() else path.parent


def where(path: Location, place: Place) -> str:
    """How a message names a row of a manifest, or of a file below the folder of a corpus.

    Example:
        >>> where(Path("m.jsonl"), 3), where(Path("corpus"), "text:3")
        ('m.jsonl:3', 'corpus/text:3')
    """
    if str(place).isdigit():
        return f"{path}:{place}"
    own = str(place).startswith(f"{path.name}:") and path.is_file()  # rows of many files have the name of theirs
    return f"{path.parent if own else path}/{place}"


class Reader(Protocol):
    """A file of ``augment/corpus/readers``.

    Attributes:
        SUFFIXES: Endings of file names that it reads without being asked to.
        FOLDER: Whether it reads folders.
        SIGNS: Patterns of files in such a folder, by which it is suggested to a user who did not say the layout.
    """

    SUFFIXES: tuple[str, ...]
    FOLDER: bool
    SIGNS: tuple[str, ...]

    @staticmethod
    def rows(source: "Source") -> Iterator[tuple[Place, Row | Fault]]:
        """Rows and their places, made while they are asked for; a fault in the place of one that cannot be read."""
        ...


def readers() -> dict[str, Reader]:
    """The modules of ``augment/corpus/readers`` by name: the names of the layouts.

    Example:
        >>> "jsonl" in readers()
        True
    """
    return by_name("augment.corpus.readers")


def known_layout(layout: str) -> str:
    """A layout by its name.

    Raises:
        CorpusError: There is no reader of that name.
    """
    known = sorted(readers())
    if layout not in known:
        raise CorpusError(Fault("layout", f"there is no layout '{layout}'", nearest(layout, known)))
    return layout


def rows_of(source: Source, layout: str | None) -> Iterator[tuple[Place, Row | Fault]]:
    """Rows of a corpus.

    Args:
        source: The corpus.
        layout: Name of the layout; if not given, the ending of the manifest's name decides.

    Raises:
        CorpusError: There is no such file or folder, or no reader for it; or nothing beyond a certain row can be read.
    """
    known, path = readers(), source.path
    if not path.exists():
        raise CorpusError(Fault(str(path), "there is no such file or folder"))
    if layout is None:
        layout = _by_ending(path, known)
    if source.pattern is not None and not getattr(known[layout], "PATTERN", False):
        raise CorpusError(Fault(str(path), f"the layout '{layout}' takes no pattern"))
    if path.is_dir() and not known[layout].FOLDER:
        raise CorpusError(Fault(str(path), f"this is a folder; the layout '{layout}' is a file", _looks_like(source)))
    return known[layout].rows(source)


def _by_ending(path: Location, known: dict[str, Reader]) -> str:
    if path.is_dir():
        remedy = _looks_like(Source(path))
        raise CorpusError(Fault(str(path), "this is a folder, and its layout is not given", remedy))
    endings = {suffix: name for name, module in known.items() for suffix in module.SUFFIXES}
    for suffix in sorted(endings, key=len, reverse=True):  # .jsonl.gz before .gz
        if path.name.lower().endswith(suffix):
            return endings[suffix]
    shown = ", ".join(sorted(endings))
    message = f"no reader for '{path.suffix}' manifests"
    raise CorpusError(Fault(str(path), message, f"known: {shown}; or say its layout: {', '.join(sorted(known))}"))


def _looks_like(source: Source) -> str:
    """Layouts that a folder looks like, as a remedy."""
    known = readers()
    fits = [name for name, module in known.items() if any(any(source.folder.glob(sign)) for sign in module.SIGNS)]
    heard = next((path for path in source.folder.rglob("*") if path.suffix.lower() in AUDIO), None)
    if not fits and heard is not None:
        pattern = f"'{{accent}}/{{speaker}}/{{id}}{heard.suffix}'"
        return (
            f"it holds audio ({heard.relative_to(source.folder)}): corpus: {{layout: folder, pattern: {pattern}}} as "
            f"its files are named, or --layout folder --pattern {pattern}; known layouts: {', '.join(sorted(known))}"
        )
    said = f"it looks like {' or '.join(fits)}: " if fits else ""
    name = fits[0] if fits else "NAME"
    return f"{said}corpus: {{layout: {name}}}, or --layout {name}; known: {', '.join(sorted(known))}"
