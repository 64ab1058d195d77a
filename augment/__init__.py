"""acoustigrid: acoustic-condition test sets for speech recognisers.

Clean labelled speech and a recipe go in; the same speech under a designed grid of acoustic conditions comes out,
with every level measured. The verbs of the command line are the functions of this package::

    import augment

    plan = augment.plan("demo")
    result = augment.build(plan, "testset", workers=2)
    verdict = augment.verify("testset")

Importing the package loads no signal processing; that happens at the first call.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.api import (
        audit,
        build,
        heard_in,
        import_corpus,
        load_recipe,
        plan,
        preview,
        pseudonyms,
        render_utterance,
        score,
        verify,
        write_audit,
        write_formats,
        write_list,
        write_plan,
        write_scores,
    )

__version__ = "0.1.0"
__all__ = [
    "__version__", "audit", "build", "heard_in", "import_corpus", "load_recipe", "plan", "preview", "pseudonyms",
    "render_utterance", "score", "verify", "write_audit", "write_formats", "write_list", "write_plan", "write_scores",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("augment.api"), name)
    raise AttributeError(f"module 'augment' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
