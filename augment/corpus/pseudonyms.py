"""Pseudonyms for speakers and utterances, by a hash that only the holder of a key can compute.

A corpus whose rows are read under pseudonyms knows no other names from there on: selection, notes, file names, talkers
of a babble and exports all use them.
"""

import base64
import hmac
import re
import shlex
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from augment.corpus.spec import CorpusSpec
from augment.errors import CorpusError, Fault
from augment.files.location import Location, joined

if TYPE_CHECKING:
    import polars

KEY = re.compile(rb"[!-~]{16,}")
"""No blanks, since a file that was not made to be a key has some. With a shorter key, all keys could be tried against a
name that is known to be in the corpus."""
FEWEST_LETTERS = 6
"""Fewest different characters in a key: 16 random hexadecimal digits have fewer than 6 once in 31,690 times."""
LETTERS = 16
"""Letters of a pseudonym, 5 bits each: among a million names, any two collide with a probability of 4e-13."""
PSEUDONYM = re.compile(f"[su][a-z2-7]{{{LETTERS}}}")
MAKE_KEY = "python -c 'import secrets; print(secrets.token_hex())'"


@dataclass(frozen=True)
class Pseudonyms:
    """The pseudonyms that belong to one key.

    Attributes:
        key: The secret.

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
        """Tells keys apart without revealing anything else: test sets with the same one share their pseudonyms."""
        return self._hash("key", "")

    def item_key(self, key: str) -> str:
        """The key of an item, hashed: it would identify the recording to anyone with a list of file hashes."""
        return hmac.digest(self.key, f"item\0{key}".encode(), "sha256").hex()

    def _hash(self, what: str, name: str) -> str:
        digest = hmac.digest(self.key, f"{what}\0{name}".encode(), "sha256")
        return base64.b32encode(digest)[:LETTERS].decode("ascii").lower()


def pseudonyms_of(spec: CorpusSpec, base: Location) -> Pseudonyms | None:
    """The pseudonyms that a recipe asks for; None if it asks for none.

    Args:
        spec: What it says about its corpus.
        base: Folder that the key's path starts from.

    Raises:
        CorpusError: The file with the key cannot be read, or holds something else.
    """
    if spec.pseudonyms is None:
        return None
    path = joined(base, spec.pseudonyms)
    try:
        key = path.read_bytes().rstrip(b"\r\n")
    except FileNotFoundError:
        make = f"make one, and keep it out of every test set: {MAKE_KEY} > {shlex.quote(str(path))}"
        raise CorpusError(Fault(str(path), "there is no such file, the key of corpus.pseudonyms", make)) from None
    except (OSError, ValueError) as error:
        message = f"the key of corpus.pseudonyms cannot be read: {getattr(error, 'strerror', None) or error}"
        raise CorpusError(Fault(str(path), message)) from None
    if not KEY.fullmatch(key) or len(set(key)) < FEWEST_LETTERS:
        message = "this is not a key for corpus.pseudonyms: expected one line of 16 or more random letters and digits"
        raise CorpusError(Fault(str(path), message, f"this command prints one: {MAKE_KEY}"))
    return Pseudonyms(key)


def pseudonymised(frame: "polars.DataFrame", names: Pseudonyms) -> "polars.DataFrame":
    """Rows with pseudonyms in place of ``id`` and ``speaker``; a row without a speaker stays without one.

    Raises:
        CorpusError: Two names have the same pseudonym.
    """
    import polars

    for column, rename in (("speaker", cache(names.speaker)), ("id", names.utterance)):
        new = polars.Series(column, [name and rename(name) for name in frame[column]], polars.String)
        if new.n_unique() < frame[column].n_unique():
            raise CorpusError(Fault("", f"two values of '{column}' have the same pseudonym", "take another key"))
        frame = frame.with_columns(new)
    return frame
