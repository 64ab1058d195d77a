"""What everything in a profile is made of: records of figures, and the kinds of figures that occur again and again."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationInfo, model_serializer

Frequency = Annotated[float, Field(ge=1, le=100_000)]
LevelDb = Annotated[float, Field(ge=-120, le=160)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Share = Annotated[float, Field(ge=0, le=1)]
Times = Annotated[float, Field(gt=0, le=10_000, description="turns of its own for each turn of the clock")]
Name = Annotated[str, Field(min_length=1, max_length=40, description="name of a clock or gate of the profile")]


class Figures(BaseModel):
    """Base of everything in a profile: frozen, no unknown fields.

    Attributes:
        grown: Fields that are left out where they say nothing, so that a profile without them has the hash that it
            would have if there were no such fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, allow_inf_nan=False)
    grown: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_silent(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields, told = type(self).model_fields, dump(self)
        silent = {name for name in self.grown if getattr(self, name) == fields[name].default}
        return {name: value for name, value in told.items() if name not in silent}


def one_of(value: Any, found: ValidationInfo, *others: str) -> Any:
    """Check that exactly one of several fields is given; for validators of the last of them, which run without it too.

    Args:
        value: Of the last field; None if it is not given.
        found: What was found of the fields before it.
        others: Names of those.

    Returns:
        The value.

    Raises:
        ValueError: None of them is given, or several are.
    """
    names = [*others, str(found.field_name)]
    if not all(name in found.data for name in others):
        return value  # one is given and faulty, which is told elsewhere
    given = [name for name in others if found.data[name] is not None] + names[-1:] * (value is not None)
    if len(given) != 1:
        wanted, told = (" and ".join(f"'{name}'" for name in some) for some in (names, given))
        raise ValueError(f"expected one of {wanted}, found {told or 'neither'}")
    return value
