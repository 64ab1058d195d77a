"""The JSON Schema of a recipe, for editors."""

import copy
from typing import Any

from augment.perturb import kinds
from augment.recipe.model import Recipe


def recipe_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a recipe file.

    It allows whatever the loader allows: a setting may be a plain list of steps, and a step in a setting with a sweep
    may lack the swept field.

    Example:
        >>> recipe_schema()["title"]
        'Recipe'
    """
    schema = Recipe.model_json_schema()
    definitions = schema["$defs"]
    full = copy.deepcopy(definitions["SettingSpec"]["properties"]["steps"]["items"])
    for model in kinds().values():
        swept = copy.deepcopy(definitions[model.__name__])
        swept["required"] = ["kind"]
        definitions[f"{model.__name__}Swept"] = swept
    relaxed = definitions["SettingSpec"]["properties"]["steps"]["items"]
    options = relaxed.pop("oneOf", None) or [{"$ref": relaxed.pop("$ref")}]
    relaxed.pop("discriminator", None)
    relaxed["oneOf"] = [{"$ref": f"{option['$ref']}Swept"} for option in options]
    full.pop("discriminator", None)
    mapping = definitions.pop("SettingSpec")
    definitions["SettingSpec"] = {
        "title": "Setting",
        "description": mapping.pop("description"),
        "anyOf": [{"type": "null"}, {"type": "array", "items": full}, mapping],
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
