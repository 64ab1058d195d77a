"""Other names for speakers and utterances, by a hash that only the holder of a key can make.

A corpus that reads its rows under pseudonyms knows no other names from there on: selection, notes, file names, talkers
of a babble and exports have them too.
"""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augment.corpus.spec import CorpusSpec
from augment.errors import CorpusError, Fault

if TYPE_CHECKING:
    import polars

SHORTEST_KEY = 16
"""Bytes. With a shorter key, all keys could be tried against a name that is known to be in the corpus."""
LETTERS = 16
"""Letters of a pseudonym, 5 bits each: two of a million names are alike with a probability of 4e-13."""
MAKE_KEY = "python -c 'import secrets; print(secrets.token_hex())' > {path}"


@dataclass(frozen=True)
class Pseudonyms:
    """Pseudonyms of one key.

    Attributes:
        key: Secret; at least 16 bytes.

    Example:
        >>> names = Pseudonyms(b"a key of 16 bytes or more")
        >>> names.speaker("Ada"), names.utterance("Ada")
        ('scykkn3cm6dt2mty2', 'u7iyg4r6lbe3fymvr')
    """

    key: bytes

    def __repr__(self) -> str:
        return f"<Pseudonyms of the key {self.fingerprint}>"

    def speaker(self, name: str) -> str:
        """Pseudonym of a speaker: ``s`` and 16 letters of HMAC-SHA256 (RFC 2104), base32."""
        return f"s{self._hash('speaker', name)}"

    def utterance(self, identity: str) -> str:
        """Pseudonym of an utterance's id: ``u`` and 16 letters."""
        return f"u{self._hash('utterance', identity)}"

    @property
    def fingerprint(self) -> str:
        """Tells keys apart and says nothing else of them: test sets with the same one share their pseudonyms."""
        return self._hash("key", "")

    def _hash(self, what: str, name: str) -> str:
        digest = hmac.digest(self.key, f"{what}\0{name}".encode(), "sha256")
        return base64.b32encode(digest)[:LETTERS].decode("ascii").lower()


def pseudonyms_of(spec: CorpusSpec, base: Path) -> Pseudonyms | None:
    """The pseudonyms that a recipe asks for; None if it asks for none.

    Args:
        spec: What it says of its corpus.
        base: Folder that the key's path starts from.

    Raises:
        CorpusError: The file with the key cannot be read, or the key is too short.
    """
    if spec.pseudonyms is None:
        return None
    path = base / spec.pseudonyms
    make = f"make one, and keep it out of every test set: {MAKE_KEY.format(path=path)}"
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        message = f"the key of corpus.pseudonyms cannot be read: {error.strerror}"
        raise CorpusError(Fault(str(path), message, make)) from None
    if len(key) < SHORTEST_KEY:
        message = f"the key of corpus.pseudonyms has {len(key)} bytes, expected {SHORTEST_KEY} or more"
        raise CorpusError(Fault(str(path), message, make))
    return Pseudonyms(key)


def pseudonymised(frame: "polars.DataFrame", names: Pseudonyms) -> "polars.DataFrame":
    """Rows with pseudonyms in place of ``id`` and ``speaker``; a row without a speaker stays without one.

    Raises:
        CorpusError: Two names have the same pseudonym.
    """
    import polars

    for column, rename in (("speaker", names.speaker), ("id", names.utterance)):
        known = frame[column].unique().drop_nulls()
        new = polars.Series([rename(name) for name in known], dtype=polars.String)
        if new.n_unique() < known.len():
            raise CorpusError(Fault("", f"two values of '{column}' have the same pseudonym", "take another key"))
        frame = frame.with_columns(polars.col(column).replace(known, new))
    return frame


def told_names(spec: CorpusSpec, frame: "polars.DataFrame", names: Pseudonyms, manifest: Path) -> list[Fault]:
    """Names that a recipe tells, which is itself a part of every test set.

    Args:
        spec: What the recipe says of its corpus.
        frame: Rows under their names in the corpus.
        names: The pseudonyms.
        manifest: Of the corpus.
    """
    told: list[tuple[str, Iterable[str], str]] = [
        ("leave_out", [names.utterance(i) for i in _met(frame, "id", spec.leave_out)], "ids"),
        ("keep.speaker", [names.speaker(s) for s in _met(frame, "speaker", spec.keep.get("speaker", ()))], "speakers"),
    ]
    return [
        Fault(
            str(manifest),
            f"corpus.{place} has {what} of the corpus; the recipe is a part of every test set, and would tell them",
            f"write pseudonyms: [{', '.join(pseudonyms)}]",
        )
        for place, pseudonyms, what in told
        if pseudonyms
    ]


def _met(frame: "polars.DataFrame", column: str, wanted: Iterable[str]) -> list[str]:
    met = set(frame[column].unique().drop_nulls())
    return [value for value in wanted if value in met]
