"""All names of the product: its verbs as functions, the types of what they take and return, and errors."""

import augment.api.presenting  # noqa: F401 - registers what notebooks show
from augment.api.building import BuildResult, build
from augment.api.corpus import audit, import_corpus, write_audit
from augment.api.costing import Cost, cost_of
from augment.api.exporting import write_formats
from augment.api.fitting import FittedProfile, fit_profile
from augment.api.planning import plan, write_plan
from augment.api.previewing import preview
from augment.api.privacy import heard_in, pseudonyms
from augment.api.rendering import Renderings, draw_profiles, render_profile, render_utterance, stems
from augment.api.scoring import score, write_list, write_scores
from augment.api.sharding import ShardResult, build_shard, finish, plan_into
from augment.api.testset import TestSet, open
from augment.api.verifying import verify
from augment.auditing.groups import Audit
from augment.design.plan import Plan
from augment.errors import (
    AcoustigridError,
    AudioError,
    CorpusError,
    DesignError,
    ProfileError,
    RecipeError,
    RenderError,
    ScoreError,
    StoreError,
    TestSetError,
)
from augment.progress import Progress
from augment.recipe.loader import LoadedRecipe, load_recipe
from augment.render import Rendered
from augment.scoring.scores import ScoreOptions, Scores
from augment.verification.verdict import Verdict

__all__ = [
    "AcoustigridError", "AudioError", "Audit", "BuildResult", "CorpusError", "Cost", "DesignError", "FittedProfile",
    "LoadedRecipe",
    "Plan", "ProfileError", "Progress", "RecipeError", "RenderError", "Rendered", "Renderings", "ScoreError",
    "ScoreOptions", "Scores", "ShardResult", "StoreError", "TestSet", "TestSetError", "Verdict", "audit", "build",
    "build_shard", "cost_of", "draw_profiles", "finish", "fit_profile", "heard_in", "import_corpus",
    "load_recipe", "open", "plan", "plan_into", "preview", "pseudonyms", "render_profile", "render_utterance", "score",
    "stems", "verify", "write_audit", "write_formats", "write_list", "write_plan", "write_scores",
]  # fmt: skip
