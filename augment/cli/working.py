"""Options of what takes long, and bars that show how far it has got."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augment.cli.terminal import width_of
from augment.progress import Step

if TYPE_CHECKING:
    from tqdm import tqdm

WorkersOption = Annotated[int, typer.Option("--workers", "-w", min=1, help="Processes; the result is the same.")]
CacheOption = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Use and keep what was measured of speech, in your cache folder.")
]


@dataclass
class Bars:
    """Steps as bars on the terminal, one at a time; none if nobody is watching.

    Attributes:
        quiet: Show none.
        done: Things of the last step that are done.
        total: Of how many.
    """

    quiet: bool = False
    done: int = 0
    total: int | None = None

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Step]:
        """A bar; without a total, a line that says what is going on."""
        from tqdm import tqdm

        self.done, self.total = done, total
        shown: dict[str, Any] = {} if total is not None else {"bar_format": "{desc} ..." + " {n_fmt}" * bool(unit)}
        with tqdm(
            desc=name, total=total, initial=done, unit=unit or "it", disable=True if self.quiet else None, leave=False,
            ncols=width_of(sys.stderr) - 1, **shown,
        ) as bar:  # fmt: skip
            yield _Bar(self, bar)


@dataclass
class _Bar:
    """One of them; of what makes audio, it shows how much of it in a second."""

    bars: Bars
    bar: "tqdm[Any]"
    audio_s: float = 0.0

    def advance(self, count: int = 1, audio_s: float = 0.0) -> None:
        self.bars.done += count
        self.audio_s += audio_s
        elapsed = self.bar.format_dict["elapsed"]
        if audio_s and elapsed:
            self.bar.set_postfix_str(f"{self.audio_s / elapsed:.0f} s of audio/s", refresh=False)
        self.bar.update(count)
