"""What a notebook shows of an object: asked down here, answered by whatever stands above.

Plans, items, verdicts and scores are made on low floors; tables, pictures and players of them are made on a high one,
which they cannot import. So they ask a function that knows nothing, and ``augment.api`` registers an answer for each
type. Without it, a notebook shows the line that everybody else sees.
"""

from dataclasses import dataclass
from functools import singledispatch


@dataclass(frozen=True)
class Picture:
    """A picture for a notebook: lines and letters have the colour of the text around it, in light and in dark.

    Attributes:
        told: What there is to be seen, in words.
        svg: As a file of its own; None where it is a table.
        html: As part of a page.

    Example:
        >>> Picture("a dot", '<svg xmlns="http://www.w3.org/2000/svg"><circle r="1"/></svg>', "<svg>...</svg>")
        <Picture: a dot>
    """

    told: str
    svg: str | None
    html: str

    def __repr__(self) -> str:
        return f"<Picture: {self.told}>"

    def _repr_html_(self) -> str:
        return self.html

    def _repr_svg_(self) -> str | None:
        return self.svg


@dataclass(frozen=True)
class Player:
    """Sounds for a notebook: an ``<audio>`` element for each, with the sound in it.

    Attributes:
        told: What there is to be heard, in words.
        html: As part of a page.

    Example:
        >>> Player("1 sound", "<audio controls></audio>")
        <Player: 1 sound>
    """

    told: str
    html: str

    def __repr__(self) -> str:
        return f"<Player: {self.told}>"

    def _repr_html_(self) -> str:
        return self.html


class Presented:
    """Base of what a notebook shows as more than a line."""

    def _repr_html_(self) -> str | None:
        return html_of(self)


@singledispatch
def html_of(thing: object) -> str | None:
    """An object as part of a page; None where nobody registered how.

    Example:
        >>> html_of(3) is None
        True
    """
    return None


@singledispatch
def picture_of(thing: object) -> Picture:
    """A picture of an object.

    Raises:
        TypeError: Nobody registered one.
    """
    raise TypeError(f"nothing draws a {type(thing).__name__}; import augment.api")


@singledispatch
def player_of(thing: object, **which: str | None) -> Player:
    """Sounds of an object.

    Args:
        thing: The object.
        which: Of its sounds, such as ``condition="quiet"``; all if not given.

    Raises:
        TypeError: Nobody registered any.
    """
    raise TypeError(f"nothing plays a {type(thing).__name__}; import augment.api")
