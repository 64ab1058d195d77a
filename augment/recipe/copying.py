"""A bundled recipe as the start of one's own."""

import json
import os
import re
from pathlib import Path

from augment.errors import Fault, RecipeError, nearest
from augment.files.atomic import write_atomically
from augment.recipe.loader import bundled_recipes

DEMO_CORPUS = re.compile(r"^corpus: \{path: [^,}]+", re.MULTILINE)


def copy_recipe(name: str, corpus: Path, out: Path) -> None:
    """Write a bundled recipe to a file, with another corpus.

    Args:
        name: Of the bundled recipe.
        corpus: Manifest of the corpus.
        out: File to write; its folder is where the recipe's paths start from.

    Raises:
        RecipeError: There is no such bundled recipe, no such corpus, or the file is there already.
    """
    known = bundled_recipes()
    if name not in known:
        raise RecipeError(Fault(name, "there is no such bundled recipe", nearest(name, list(known))))
    if not corpus.is_file():
        raise RecipeError(Fault(str(corpus), "there is no such corpus manifest"))
    if out.exists():
        raise RecipeError(Fault(str(out), "there is such a file already", "choose another name"))
    text = known[name].read_text(encoding="utf-8")
    place = os.path.relpath(corpus.resolve(), out.resolve().parent)
    lines = [line for line in text.splitlines(keepends=True) if "yaml-language-server" not in line]
    copied, count = DEMO_CORPUS.subn(lambda _: f"corpus: {{path: {json.dumps(place)}", "".join(lines))
    assert count == 1, "every bundled recipe names its corpus in one line"
    write_atomically(out, copied.encode())
