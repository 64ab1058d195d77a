"""What several scripts share."""

import importlib
import resource
import sys
from pathlib import Path
from typing import Any


def bytes_held(usage: resource.struct_rusage | None = None) -> int:
    """Largest memory in bytes that a process held, as the system counts it; that of this process if none is given.

    A process that was just started may be told its parent's: ``benchmark_jobs.py`` asks otherwise.
    """
    found = usage or resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def of_tests(name: str) -> Any:
    """A module of the tests, which are no package, and are not typed."""
    folder = str(Path(__file__).resolve().parents[1] / "tests")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)
