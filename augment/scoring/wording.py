"""The words that are compared: how texts are brought into one form, and what counts as a word."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from augment.errors import Fault, ScoreError, nearest
from augment.files.regular import read_record
from augment.scoring.texts import text_forms

Unit = Literal["word", "char"]
LARGEST_MAP_BYTES = 2**24


@dataclass(frozen=True)
class Wording:
    """How texts are compared.

    Attributes:
        form: A file of ``augment/scoring/texts``.
        replaced: Words and what stands for them, after that form: the spellings of a trade, say.
        unit: What errors are counted in.
    """

    form: str = "plain"
    replaced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unit: Unit = "word"

    @classmethod
    def of(cls, form: str = "plain", words: Path | None = None, unit: str = "word") -> "Wording":
        """From what a user asks for.

        Args:
            form: Name of a form.
            words: File with a word or phrase, a tab, and what stands for it, in each line.
            unit: ``word`` or ``char``.

        Raises:
            ScoreError: There is no such form or unit, or the file cannot be used.

        Example:
            >>> Wording.of("plain").comparable("Ten o'clock!")
            "ten o'clock"
        """
        if form not in text_forms():
            raise ScoreError(Fault("text", f"there is no text form '{form}'", nearest(form, list(text_forms()))))
        if unit not in ("word", "char"):
            raise ScoreError(Fault("unit", f"there is no unit '{unit}'", nearest(unit, ["word", "char"])))
        own = cls(form, unit="word" if unit == "word" else "char")
        return own if words is None else cls(form, _read_map(words, own), own.unit)

    @property
    def rate(self) -> str:
        """What errors over units are called."""
        return "word error rate" if self.unit == "word" else "character error rate"

    @cached_property
    def name(self) -> str:
        """What was done, with its version, for results."""
        said = text_forms()[self.form].VERSION
        if not self.replaced:
            return said
        told = "\n".join(f"{word}\t{other}" for word, other in sorted(self.replaced.items()))
        return f"{said}, {len(self.replaced)} replacements {sha256(told.encode()).hexdigest()[:12]}"

    def comparable(self, text: str) -> str:
        """A text as it is compared."""
        found = text_forms()[self.form].normalised(text)
        if not self.replaced:
            return found
        words, out, most = found.split(), list[str](), self._longest
        while words:
            taken = next((n for n in range(min(most, len(words)), 0, -1) if " ".join(words[:n]) in self.replaced), 0)
            out += [self.replaced[" ".join(words[:taken])]] if taken else words[:1]
            del words[: taken or 1]
        return " ".join(" ".join(out).split())

    @cached_property
    def _longest(self) -> int:
        return max(len(phrase.split()) for phrase in self.replaced)


def _read_map(path: Path, plain: Wording) -> Mapping[str, str]:
    text = read_record(path, ScoreError, LARGEST_MAP_BYTES).decode("utf-8-sig", errors="replace")
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
        if not cells or cells == [""]:
            continue
        where = f"{path}:{number}"
        if len(cells) != 2:
            faults.append(Fault(where, f"expected a word, a tab and what stands for it; found {len(cells)} cells"))
            continue
        word, other = map(plain.comparable, cells)
        if not word or found.get(word, other) != other:
            faults.append(Fault(where, f"'{cells[0]}' is no word, or stands for two things"))
        found[word] = other
    if faults:
        raise ScoreError(faults)
    return MappingProxyType(found)
