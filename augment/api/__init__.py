"""The verbs of the product, as functions."""

from augment.api.building import BuildResult, build
from augment.api.corpus import audit, import_corpus, write_audit
from augment.api.exporting import write_formats
from augment.api.planning import plan, write_plan
from augment.api.previewing import preview
from augment.api.privacy import heard_in, pseudonyms
from augment.api.rendering import draw_profiles, render_profile, render_utterance, stems
from augment.api.scoring import score, write_list, write_scores
from augment.api.verifying import verify
from augment.recipe.loader import load_recipe

__all__ = [
    "BuildResult", "audit", "build", "draw_profiles", "heard_in", "import_corpus", "load_recipe", "plan", "preview",
    "pseudonyms", "render_profile", "render_utterance", "score", "stems", "verify", "write_audit", "write_formats",
    "write_list", "write_plan", "write_scores",
]  # fmt: skip
