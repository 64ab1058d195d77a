"""Base of the parts of a recipe, and names in it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLUG = r"^[a-z0-9]+([_-][a-z0-9]+)*$"
Slug = Annotated[str, Field(pattern=SLUG, max_length=40)]


class Spec(BaseModel):
    """Base of the parts of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, allow_inf_nan=False)
