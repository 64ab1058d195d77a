"""Copying a bundled recipe as a start for one's own."""

import json
import os
import re
from pathlib import Path

from augment.corpus.spec import CorpusSpec
from augment.corpus.table import Corpus, read_corpus
from augment.errors import Fault, RecipeError, nearest
from augment.files.atomic import write_atomically
from augment.recipe.loader import bundled_recipes

DEMO_CORPUS = re.compile(r"^corpus: \{.*\}$", re.MULTILINE)
LEFT_BEHIND = ("yaml-language-server", "# of its corpus")
"""Lines that hold for the bundled recipe alone."""
LICENCE = "  # add licence: CC-BY-4.0, credit: WHOM TO NAME, unless every row says them"


def copy_recipe(name: str, corpus: CorpusSpec, out: Path) -> Corpus:
    """Write a bundled recipe to a file, with another corpus.

    Args:
        name: Name of the bundled recipe.
        corpus: The corpus; its path is relative to the working directory.
        out: File to write; paths in the recipe are relative to its folder.

    Returns:
        What the corpus holds.

    Raises:
        RecipeError: There is no such bundled recipe, or the file exists already.
        CorpusError: The corpus cannot be read.
    """
    known = bundled_recipes()
    if name not in known:
        raise RecipeError(Fault(name, "there is no such bundled recipe", nearest(name, list(known))))
    found = read_corpus(corpus, Path())
    if out.exists():
        raise RecipeError(Fault(str(out), "this file exists already", "choose another name, or remove it"))
    text = known[name].read_text(encoding="utf-8")
    place = os.path.relpath(Path(corpus.path).resolve(), out.resolve().parent)
    lines = [line for line in text.splitlines(keepends=True) if not any(mark in line for mark in LEFT_BEHIND)]
    said = {"path": place, "layout": corpus.layout, "pattern": corpus.pattern, "columns": dict(corpus.columns)}
    fields = ", ".join(f"{field}: {json.dumps(value, ensure_ascii=False)}" for field, value in said.items() if value)
    copied, count = DEMO_CORPUS.subn(lambda _: f"corpus: {{{fields}}}{LICENCE}", "".join(lines))
    assert count == 1, "every bundled recipe names its corpus in one line"
    write_atomically(out, copied.encode())
    return found
