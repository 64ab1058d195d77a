"""A bundled recipe as the start of one's own."""

import json
import os
import re
from pathlib import Path

from augment.corpus.source import Source, known_layout, rows_of
from augment.errors import Fault, RecipeError, nearest
from augment.files.atomic import write_atomically
from augment.recipe.loader import bundled_recipes

DEMO_CORPUS = re.compile(r"^corpus: \{path: [^,}]+", re.MULTILINE)


def copy_recipe(name: str, corpus: Path, out: Path, layout: str | None = None) -> None:
    """Write a bundled recipe to a file, with another corpus.

    Args:
        name: Of the bundled recipe.
        corpus: Manifest of the corpus, or its folder.
        out: File to write; its folder is where the recipe's paths start from.
        layout: How the corpus is laid out; by the ending of the manifest's name if not given.

    Raises:
        RecipeError: There is no such bundled recipe, or the file is there already.
        CorpusError: There is no such corpus or layout, or a folder without a layout.
    """
    known = bundled_recipes()
    if name not in known:
        raise RecipeError(Fault(name, "there is no such bundled recipe", nearest(name, list(known))))
    rows_of(Source(corpus), None if layout is None else known_layout(layout))
    if out.exists():
        raise RecipeError(Fault(str(out), "there is such a file already", "choose another name"))
    text = known[name].read_text(encoding="utf-8")
    place = os.path.relpath(corpus.resolve(), out.resolve().parent)
    lines = [line for line in text.splitlines(keepends=True) if "yaml-language-server" not in line]
    said = json.dumps(place) if layout is None else f"{json.dumps(place)}, layout: {layout}"
    copied, count = DEMO_CORPUS.subn(lambda _: f"corpus: {{path: {said}", "".join(lines))
    assert count == 1, "every bundled recipe names its corpus in one line"
    write_atomically(out, copied.encode())
