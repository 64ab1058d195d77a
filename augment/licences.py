"""Licences by their SPDX identifiers, and what becomes of works under several of them when they are mixed into one.

A test item is an adaptation of its speech, of its noise and of the responses it went through, so all of their licences
apply to it at once. This is a reading aid, not legal advice: it knows the licences commonly used for speech and sound,
and refuses what they plainly forbid.

Reference: SPDX Licence List 3.x; Creative Commons, "Wiki/cc license compatibility" (adapters' licences).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Demand = Literal["free", "credit", "share-alike", "copyleft", "non-commercial", "non-commercial share-alike", "closed"]
"""What a licence asks of an adaptation: nothing, credit, the same licence, the same (software) licence, no commercial
use, both of these, or that there be no adaptation."""

KINDS: dict[str, Demand] = {
    "CC0-1.0": "free",
    "PDDL-1.0": "free",
    "Unlicense": "free",
    "LicenseRef-PublicDomain": "free",
    **{f"CC-BY-{version}": "credit" for version in ("1.0", "2.0", "2.0-UK", "2.5", "3.0", "3.0-US", "4.0")},
    "ODC-By-1.0": "credit",
    "MIT": "credit",
    "BSD-2-Clause": "credit",
    "BSD-3-Clause": "credit",
    "Apache-2.0": "credit",
    "CDLA-Permissive-1.0": "credit",
    "CDLA-Permissive-2.0": "credit",
    **{f"CC-BY-SA-{version}": "share-alike" for version in ("2.0", "2.5", "3.0", "4.0")},
    "ODbL-1.0": "share-alike",
    "CDLA-Sharing-1.0": "share-alike",
    **{f"{name}-{end}": "copyleft" for name in ("GPL-2.0", "GPL-3.0", "AGPL-3.0") for end in ("only", "or-later")},
    **{f"CC-BY-NC-{version}": "non-commercial" for version in ("2.0", "2.5", "3.0", "4.0")},
    **{f"CC-BY-NC-SA-{version}": "non-commercial share-alike" for version in ("2.0", "2.5", "3.0", "4.0")},
    **{f"CC-BY-ND-{version}": "closed" for version in ("2.0", "2.5", "3.0", "4.0")},
    **{f"CC-BY-NC-ND-{version}": "closed" for version in ("2.0", "2.5", "3.0", "4.0")},
}
UNSTATED = "NOASSERTION"
"""SPDX's word for a licence that nobody has stated."""
STRICTNESS: tuple[Demand, ...] = (
    "free", "credit", "share-alike", "copyleft", "non-commercial", "non-commercial share-alike", "closed",
)  # fmt: skip
BOUND: frozenset[Demand] = frozenset({"share-alike", "copyleft", "non-commercial share-alike"})
"""Kinds that prescribe the licence of the adaptation."""


def spdx(written: str) -> str | None:
    """The SPDX identifier that is meant; None for a licence that is not known here.

    ``LicenseRef-...``, SPDX's form for licences of one's own, stands for itself.

    Example:
        >>> spdx("cc by-sa 4.0"), spdx("GPL-2.0"), spdx("public domain"), spdx("LicenseRef-Hospital"), spdx("free")
        ('CC-BY-SA-4.0', 'GPL-2.0-only', 'LicenseRef-PublicDomain', 'LicenseRef-Hospital', None)
    """
    plain = re.sub(r"[\s_-]+", "-", written.strip()).casefold()
    known = {name.casefold(): name for name in KINDS}
    known |= {"cc0": "CC0-1.0", "public-domain": "LicenseRef-PublicDomain", "apache-2": "Apache-2.0"}
    known |= {name.casefold().removesuffix("-only"): name for name in KINDS if name.endswith("-only")}
    if plain in known:
        return known[plain]
    own = re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", written.strip())
    return own[0] if own else None


@dataclass(frozen=True)
class Mixture:
    """The terms of a mixture of works.

    Attributes:
        licence: SPDX identifier, or an expression with ``AND`` where several apply at once; ``NOASSERTION`` is a part
            of it where a work states none.
        conflict: Why the mixture may not be passed on; empty where it may.
    """

    licence: str
    conflict: str = ""


def asks_for_credit(licence: str) -> bool:
    """Whether a licence asks that somebody be credited; one that is not known here is assumed not to.

    Example:
        >>> asks_for_credit("CC-BY-4.0"), asks_for_credit("CC0-1.0"), asks_for_credit("LicenseRef-Hospital")
        (True, False, False)
    """
    return KINDS.get(licence, "free") != "free"


def mixture(licences: Iterable[str]) -> Mixture:
    """The terms of a mixture of works under these licences.

    Args:
        licences: SPDX identifiers of its parts, or ``NOASSERTION``.

    Example:
        >>> mixture(["CC-BY-4.0", "CC0-1.0"]).licence, mixture(["CC-BY-SA-3.0", "CC-BY-SA-4.0", "MIT"]).licence
        ('CC-BY-4.0', 'CC-BY-SA-4.0')
        >>> mixture(["CC-BY-SA-4.0", "CC-BY-NC-4.0"]).conflict
        'CC-BY-SA-4.0 asks that the mixture be under the same licence, which CC-BY-NC-4.0 (no commerce) forbids'
    """
    parts = sorted(set(licences))
    strange = [name for name in parts if name not in KINDS]
    known = [name for name in parts if name in KINDS]
    if not known:
        return Mixture(" AND ".join(strange) or UNSTATED)
    strictest = max((KINDS[name] for name in known), key=STRICTNESS.index)
    most = [name for name in known if KINDS[name] == strictest]
    result = _newest(most) if strictest in BOUND or strictest == "non-commercial" else " AND ".join(most)
    return Mixture(" AND ".join([result, *strange]), _conflict(known))


def _newest(names: list[str]) -> str:
    """The newest of several versions of one licence: adaptations of works under older ones may use it."""
    families: dict[str, str] = {}
    for name in names:
        family = re.sub(r"-[\d.]+.*$", "", name)
        families[family] = max(families.get(family, ""), name)
    return " AND ".join(sorted(families.values()))


def _conflict(known: list[str]) -> str:
    closed = [name for name in known if KINDS[name] == "closed"]
    if closed:
        return f"{closed[0]} allows no adaptations to be passed on, and every item is one"
    for bound in (name for name in known if KINDS[name] in BOUND):
        for other in (name for name in known if name != bound):
            reason = _against(bound, other)
            if reason:
                return f"{bound} asks that the mixture be under the same licence, which {other} {reason}"
    return ""


def _against(bound: str, other: str) -> str:
    """Why a work under another licence cannot be adapted under one that prescribes the adaptation's licence."""
    theirs = KINDS[other]
    if theirs in ("non-commercial", "non-commercial share-alike") and KINDS[bound] != "non-commercial share-alike":
        return "(no commerce) forbids"
    if theirs in BOUND and " AND " in _newest([bound, other]):
        return "asks for itself"
    if theirs == "copyleft" and bound != other:
        return "asks for itself"
    if other == "Apache-2.0" and bound == "GPL-2.0-only":
        return "does not allow (its patent clause)"
    return ""
