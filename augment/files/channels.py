"""Which channel of a file is heard."""

from typing import Annotated, Literal

from pydantic import Field

ChannelChoice = Annotated[int, Field(ge=0, le=63)] | Literal["mix"] | None
"""A channel, from 0; ``mix`` for the mean of all; None where nobody says it."""
