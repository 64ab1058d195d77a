"""Options of what takes long, and bars that show how far it has got."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augment.cli.terminal import Manner, width_of
from augment.progress import Step

if TYPE_CHECKING:
    from tqdm import tqdm

    from augment.execute import Prepare, Way

WorkersOption = Annotated[int, typer.Option("--workers", "-w", min=1, help="Processes; the result is the same.")]
CacheOption = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Use and keep what was measured of audio, in your cache folder.")
]
ExecutorOption = Annotated[
    str | None, typer.Option(help="How to run the work: serial, processes, or ray; the result is the same.")
]
AddressOption = Annotated[
    str | None, typer.Option(metavar="auto|HOST:PORT", help="Ray cluster to use; without it, ray starts one here.")
]
STARTING = "starting"
"""The first step of every command: loading what it needs takes longer than people like to look at nothing."""


@dataclass
class Bars:
    """Steps as bars on the terminal, one at a time; none if nobody is watching.

    Attributes:
        manner: How much the command says: if it is quiet, there are none.
        done: How much is done of each step whose number of things is known, by its name.
    """

    manner: Manner = Manner.BRIEF
    done: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Step]:
        """A bar; without a total, a line that says what is going on."""
        from tqdm import tqdm

        if total is not None:
            self.done[name] = done
        hidden = True if self.manner is Manner.QUIET else None  # None: unless this is no terminal
        shown: dict[str, Any] = {} if total is not None else {"bar_format": "{desc} ..." + " {n_fmt}" * bool(unit)}
        shown |= {"total": total, "initial": done, "unit": unit or "it"}
        # One bar at a time needs no more rows; left to itself, tqdm shows nothing on a terminal that tells no size.
        shown |= {"ncols": width_of(sys.stderr) - 1, "nrows": 2}
        with tqdm(desc=name, disable=hidden, leave=False, **shown) as bar:
            yield _Bar(self, name, bar)


@dataclass
class _Bar:
    """One of them; of what makes audio, it shows how much of it in a second."""

    bars: Bars
    name: str
    bar: "tqdm[Any]"
    audio_s: float = 0.0

    def advance(self, count: int = 1, audio_s: float = 0.0) -> None:
        if self.name in self.bars.done:
            self.bars.done[self.name] += count
        self.audio_s += audio_s
        elapsed = self.bar.format_dict["elapsed"]
        if audio_s and elapsed:
            self.bar.set_postfix_str(f"{self.audio_s / elapsed:.0f} s of audio/s", refresh=False)
        self.bar.update(count)


@contextmanager
def working(
    bars: Bars, executor: str | None, workers: int, address: str | None = None, prepare: "Prepare | None" = None
) -> "Iterator[Way]":
    """Workers for as long as a command needs them; it may take a while until they are there."""
    with ExitStack() as stack:
        with bars.step(STARTING):
            from augment.execute import opened_way

            way = stack.enter_context(opened_way(executor, workers, prepare, address))
        yield way
