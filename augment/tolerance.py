"""What becomes of material that cannot be used: refused, or left out, counted and listed, up to a share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

Unusable = Annotated[
    Literal["refuse", "leave_out"],
    Field(description="what becomes of what cannot be used: an error, or left out and listed, up to at_most"),
]


def _percent(given: str) -> str:
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})? ?%", given) or Fraction(given.rstrip("% ")) > 100:
        raise ValueError(f"expected 0 % to 100 %, such as '1 %', found '{given}'")
    return given


AtMost = Annotated[
    Annotated[str, AfterValidator(_percent)] | None,
    Field(description="how much may be left out of the whole, and of each group: 1 % if not given"),
]
USUAL = "1 %"


@dataclass(frozen=True)
class Tolerance:
    """How much of what is read may be left out because it cannot be used.

    Attributes:
        most: Share, 0 to 1, of the whole and of each of its groups; None where nothing may be left out.

    Example:
        >>> Tolerance(Fraction(1, 100)).exceeded({"Scottish": 2, "Welsh": 0}, {"Scottish": 100, "Welsh": 100})
        {'Scottish': (2, 100)}
    """

    most: Fraction | None = None

    @property
    def leaves_out(self) -> bool:
        """Whether anything may be left out at all."""
        return self.most is not None

    def exceeded(self, unusable: Mapping[str, int], of: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """Groups that would lose more than may be left out, with how many of how many cannot be used.

        Args:
            unusable: How many cannot be used, by group.
            of: How many there are, by group.
        """
        most = self.most or Fraction(0)
        return {name: (count, of[name]) for name, count in unusable.items() if count > most * of[name]}


def tolerance_of(unusable: Unusable, at_most: AtMost) -> Tolerance:
    """What a recipe allows.

    Raises:
        ValueError: It states a limit without leaving anything out.

    Example:
        >>> tolerance_of("leave_out", "0.5 %").most, tolerance_of("refuse", None).most
        (Fraction(1, 200), None)
    """
    if unusable == "refuse":
        if at_most is not None:
            raise ValueError("at_most says how much may be left out, and nothing is: give unusable: leave_out too")
        return Tolerance()
    return Tolerance(Fraction((at_most or USUAL).rstrip("% ")) / 100)
