"""acoustigrid: acoustic-condition test sets for speech recognisers.

Clean labelled speech and a recipe go in; the same speech under a designed grid of acoustic conditions comes out,
with every level measured. The verbs of the command line are the functions of this package::

    import augment

    plan = augment.plan("demo")
    result = augment.build(plan, "testset", workers=2)
    testset = augment.open("testset")
    verdict = testset.verify()

``__all__`` lists all that users need: functions, the types of what they take and return, and errors. Importing the
package loads no signal processing; that happens at the first call.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.api import *

__version__ = "0.1.0"
__all__ = [
    "AcoustigridError", "AudioError", "Audit", "BuildResult", "CorpusError", "Cost", "DesignError", "FittedProfile",
    "LoadedRecipe",
    "Plan", "ProfileError", "Progress", "RecipeError", "RenderError", "Rendered", "Renderings", "ScoreError",
    "ScoreOptions", "Scores", "ShardResult", "StoreError", "TestSet", "TestSetError", "Verdict", "__version__", "audit",
    "build", "build_shard", "cost_of", "draw_profiles", "finish", "fit_profile", "heard_in", "import_corpus",
    "load_recipe", "open", "plan", "plan_into", "preview", "pseudonyms", "render_profile", "render_utterance", "score",
    "stems", "verify", "write_audit", "write_formats", "write_list", "write_plan", "write_scores",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("augment.api"), name)
    raise AttributeError(f"module 'augment' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
