"""File names that every file system takes, from ids that people choose."""

import hashlib
import re

LONGEST = 80
RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")  # names that Windows reserves for devices


def file_stem(identity: str) -> str:
    """Name of an utterance's files, without suffix.

    Ids of lower-case letters, digits, ``_`` and ``-`` stay as they are. All others get the first eight digits of their
    hash: two ids that differ only in case or in a replaced character stay apart, even on a file system that ignores
    case. The name depends on the id only.

    Example:
        >>> file_stem("p225_001"), file_stem("spk/utt 1.a")
        ('p225_001', 'spk_utt_1_a-0e00ce5d')
    """
    plain = re.fullmatch(r"[a-z0-9][a-z0-9_-]*", identity) and not RESERVED.fullmatch(identity)
    if plain and len(identity) <= LONGEST:
        return identity
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", identity).strip("_-")[:LONGEST]
    digest = hashlib.sha256(identity.encode("utf-8")).hexdigest()[:8]
    return f"{safe}-{digest}" if safe else digest
