"""Which test sets are read: those of this form, whose items this version would make to the byte."""

from collections.abc import Mapping
from typing import Any

from augment.design.chains import BYTES_VERSION
from augment.errors import Fault, TestSetError
from augment.files.location import Location

SCHEMA_VERSION = 3
"""Of ``testset.json``, the manifest and the plan together: raised when a reader of the one before would go wrong.

Sets that do not say one are of version 1."""


def refuse_version(folder: Location, identity: Mapping[str, Any]) -> None:
    """Refuse a test set that another version wrote, whoever asks: a build, a check, an export, a reader of results.

    Args:
        folder: The test set.
        identity: What its ``testset.json`` says.

    Raises:
        TestSetError: It has another form, or other bytes than this version would make of its plan.

    Example:
        >>> from pathlib import Path
        >>> refuse_version(Path("set"), {"schema_version": SCHEMA_VERSION, "bytes_version": BYTES_VERSION})
        >>> refuse_version(Path("s"), {"schema_version": 9, "made_by": "grid 9"})
        Traceback (most recent call last):
        augment.errors.TestSetError: s: the test set is of schema version 9; version 3 is read here - use grid 9
    """
    schema, bytes_ = identity.get("schema_version", 1), identity.get("bytes_version")
    said = identity.get("made_by")
    maker = said if isinstance(said, str) and said.isprintable() and len(said) < 80 else "the version that made it"
    if schema != SCHEMA_VERSION or type(schema) is not int:
        message = f"the test set is of schema version {schema!r}; version {SCHEMA_VERSION} is read here"
    elif bytes_ != BYTES_VERSION:
        message = f"the test set was made by a version that gives other bytes ({bytes_!r}, here {BYTES_VERSION})"
    else:
        return
    later = any(type(has) is int and has > ours for has, ours in ((schema, SCHEMA_VERSION), (bytes_, BYTES_VERSION)))
    again = "" if later else f", or make it again: acoustigrid build RECIPE --out {folder} --replace"
    raise TestSetError(Fault(str(folder), message, f"use {maker}{again}"))
