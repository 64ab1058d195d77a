"""Manifests for other tools: one file for each format. An exporter has two names.

``FILE``: the name of the file that it makes. ``export(rows)``: its bytes, from the rows of the manifest.
"""

from typing import Any

from augment.plugins import modules


def exporters() -> dict[str, Any]:
    """The modules of this folder by name.

    Example:
        >>> "csv_table" in exporters()
        True
    """
    return {module.__name__.rsplit(".", 1)[-1]: module for module in modules("augment.export")}
