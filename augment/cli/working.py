"""Options and a progress bar for what takes long."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import typer

WorkersOption = Annotated[int, typer.Option("--workers", "-w", min=1, help="Processes; the result is the same.")]
CacheOption = Annotated[
    bool, typer.Option("--cache/--no-cache", help="Use and keep what was measured of speech, in your cache folder.")
]


def progress(label: str) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A progress bar for an iterable; none if nobody is watching."""
    from tqdm import tqdm

    return lambda items: iter(tqdm(items, desc=label, unit="file", disable=None, leave=False))
