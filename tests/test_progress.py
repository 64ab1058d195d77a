"""Whoever waits is told what is going on, from the first step to the last, and how far it has got."""

import shutil

import augment
from augment.cli.terminal import Manner
from augment.cli.working import Bars
from watching import Watching

PLANNING = [
    "reading the recipe",
    "choosing conditions",
    "reading the corpus",
    "choosing utterances",
    "measuring speech",
]
FINISHING = "finishing: manifest, data sheet, checksums"


def test_every_step_of_a_build_is_told_and_ends(stocked):
    watching = Watching()
    result = augment.build(stocked.folder / "recipe.yaml", stocked.folder / "set", progress=watching, cache=False)
    names = [step.name for step in watching.steps]
    assert names[:5] == PLANNING
    assert names[-4:] == ["rehearsing conditions", "looking for finished items", "rendering", FINISHING]
    assert all(step.ended for step in watching.steps)
    assert watching.named("rehearsing conditions").done == len(result.plan.conditions)
    rendering = watching.named("rendering")
    assert (rendering.before, rendering.done, rendering.total) == (0, result.made, result.made)
    heard_s = sum(audio_s for _, audio_s in rendering.told)
    assert abs(heard_s - result.plan.seconds) < 0.01 * result.plan.seconds


def test_bars_count_each_step_by_itself():
    bars = Bars(Manner.QUIET)
    with bars.step("rendering", 9, "item", 4) as step:
        step.advance(2)
    with bars.step("exporting", 5) as step:
        step.advance(5)
    with bars.step("finishing") as step:
        step.advance(7)
    assert bars.done == {"rendering": 6, "exporting": 5}


def test_a_build_that_goes_on_begins_at_what_is_there(stocked, finished):
    folder = stocked.folder / "set"
    shutil.copytree(finished, folder)
    gone = sorted((folder / "audio").rglob("*.flac"))[:3]
    for path in gone:
        path.unlink()
    watching = Watching()
    augment.build(stocked.folder / "recipe.yaml", folder, progress=watching, formats=["csv"])
    rendering = watching.named("rendering")
    assert (rendering.before, rendering.done) == (rendering.total - len(gone), rendering.total)
    assert watching.named("exporting to csv").done == 1


def test_every_step_of_a_check_is_told(finished):
    watching = Watching()
    verdict = augment.verify(finished, sample=3, progress=watching)
    told = {step.name: step.done for step in watching.steps}
    assert (told["listening to every file"], told["rendering again"]) == (verdict.files, 3)
    assert [name for name in told if name.startswith("planning again: ")][:5] == [
        f"planning again: {name}" for name in PLANNING
    ]
