"""Test sets for other tools: one file for each format, named by the word after ``--format``.

An exporter defines these names.

``ABOUT``: one line on what it makes and who reads it. ``EXTRA``: name of the extra that it needs, or None; if there is
one, a function ``installed()`` says whether it is there. ``BESIDE``, if any: files beside the manifest that it reads.
``files(finished)``: an iterator over pairs of a path below the format's own folder and the file's bytes, made from a
:class:`~augment.testset.finished.Finished`; no path occurs twice. The same set always gives the same bytes.

Labels, condition, factors and measurements go wherever the format keeps additional data. Audio files are named relative
to the test set's folder, unless the format has a rule of its own.
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
