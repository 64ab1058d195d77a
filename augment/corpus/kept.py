"""What was measured of speech before."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from augment.corpus.speech import Facts
from augment.files.containers.stream import Remark
from augment.files.stretch import Part
from augment.kept import key_of, read_kept

MEASURED_WITH = ("acoustics", "bounds.py", "files", "corpus/speech.py")
"""Code of this package that decides what is measured."""


def key_of_facts(sha256: str, part: Part, sample_rate_hz: int) -> str:
    """Key of the measurements of a stretch of a file at a sample rate.

    Example:
        >>> key_of_facts("e3", Part(), 16000) == key_of_facts("e3", Part(), 8000)
        False
    """
    said = repr(part.offset_s), repr(part.duration_s), repr(part.channel), sample_rate_hz
    return key_of(MEASURED_WITH, sha256, *said)


def read_facts(file: Path, keys: Sequence[str]) -> dict[str, Facts]:
    """Measurements that are known under some keys; nothing if the file is damaged or somebody else's."""
    with suppress(ValueError, TypeError, KeyError):
        return {key: _facts(said) for key, said in read_kept(file, keys).items()}
    return {}


def said_of(new: Mapping[str, Facts]) -> dict[str, str]:
    """Measurements by key, as they are kept."""
    return {key: _said(facts) for key, facts in new.items()}


def _said(facts: Facts) -> str:
    values = {entry.name: getattr(facts, entry.name) for entry in fields(facts)}
    return json.dumps({**values, "remarks": sorted(remark.name for remark in facts.remarks)})


def _facts(said: str) -> Facts:
    values: dict[str, Any] = json.loads(said)
    remarks = frozenset(Remark[name] for name in values.pop("remarks"))
    return replace(Facts(**values), remarks=remarks)
