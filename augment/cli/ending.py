"""How a command ends: with an exit code and a message, whatever happened."""

import os
import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from augment.cli.terminal import say
from augment.errors import AcoustigridError
from augment.plain_text import visible

EXIT_DEVIATION, EXIT_FAULT, EXIT_INTERRUPTED = 1, 2, 130
EXIT_FAULT_OF_OURS = 70
"""EX_SOFTWARE of sysexits.h."""
DEBUG = "ACOUSTIGRID_DEBUG"


def ended(run: Callable[[], object]) -> int:
    """Run a command to its end, and report how it ended.

    Returns:
        The exit code.
    """
    try:
        run()
    except SystemExit as end:
        if _untold(end):
            say("stopped", err=True)
        return end.code if isinstance(end.code, int) else 0 if end.code is None else EXIT_FAULT
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except AcoustigridError as error:
        for fault in error.faults:
            say(f"error: {fault}", err=True)
        for note in error.notes:
            say(f"note: {visible(note)}", err=True)
        return EXIT_FAULT
    except OSError as error:  # such as an output that cannot be written
        remedy = getattr(error, "remedy", "")  # of a store
        say(f"error: {error.filename or 'output'}: {error.strerror or error}{remedy and f' - {remedy}'}", err=True)
        return EXIT_FAULT
    except BaseException as error:  # a panic of polars is not an Exception
        say(_fault_of_ours(error), err=True)
        if os.environ.get(DEBUG):
            traceback.print_exception(error)
        return EXIT_FAULT_OF_OURS
    return 0


def _untold(end: SystemExit) -> bool:
    """Whether a command was stopped and said nothing of it: it did not catch the interrupt itself, and typer did."""
    return end.code == EXIT_INTERRUPTED and isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt)


def _fault_of_ours(error: BaseException) -> str:
    """One line about what should not have happened: what it was, and where."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "augment" in Path(frame.filename).parts]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno}, {frames[-1].name})" if frames else ""
    said = str(error).strip().split("\n", 1)[0][:200]
    return (
        f"error: acoustigrid {shlex.join(sys.argv[1:])}: this is a fault of the program, not yours: "
        f"{type(error).__name__}: {said}{place} - please report it with this line and what it was run on; "
        f"{DEBUG}=1 shows the traceback"
    )
