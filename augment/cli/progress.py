"""Bars for what takes long."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def progress(label: str) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A bar for something that is iterated over; none where nobody looks."""
    from tqdm import tqdm

    return lambda items: iter(tqdm(items, desc=label, unit="file", disable=None, leave=False))
