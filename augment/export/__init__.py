"""Test sets for other tools: one file for each format; its name is the word after ``--format``.

An exporter has these names.

``ABOUT``: one line on what it makes and who reads it. ``EXTRA``: name of the extra that it needs, or None; with one, a
function ``installed()`` says whether it is there. ``BESIDE``, if any: files beside the manifest that it reads.
``files(finished)``: an iterator over pairs of a path below the format's own folder and its bytes, from a
:class:`~augment.testset.finished.Finished`; a path stands there once. Bytes of the same set are the same bytes.

Labels, condition, factors and what was measured go where the format keeps what it does not know of. Formats that name
audio files name them relative to the folder of the test set, unless the format has a rule of its own.
"""

from typing import Any

from augment.plugins import modules


def exporters() -> dict[str, Any]:
    """The modules of this folder by name.

    Example:
        >>> "csv" in exporters()
        True
    """
    return {module.__name__.rsplit(".", 1)[-1]: module for module in modules("augment.export")}
