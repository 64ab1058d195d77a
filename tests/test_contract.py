"""One contract for all perturbations; a new one is tested by lying in the folder."""

import re

import numpy as np
import pytest
import soundfile
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from augment.columns import NOISE
from augment.corpus.spec import CorpusSpec
from augment.corpus.table import read_corpus
from augment.dealt import Stock, Table
from augment.design.conditions import ChainStep
from augment.design.selection import select
from augment.perturb import kinds
from augment.profiles.library import Library
from augment.recipe.experiment import Balance
from augment.recipe.model import Step
from augment.scene import Block, Draw, Scene, Stage, Stem, Weighting
from conftest import RATE, Workshop, gcc_lag, speech_like

KINDS = sorted(kinds())


def example(kind: str) -> dict:
    """The example in a perturbation's docstring."""
    text = re.search(r"In a recipe::\n\n\s+(\{.*?\})\n\n", kinds()[kind].__doc__, re.DOTALL)
    assert text, f"{kind} has no example in its docstring"
    return YAML(typ="safe").load(text.group(1))


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """What steps need of a folder: a noise, a room, a corpus, and those that are chosen of it."""
    shop = Workshop(tmp_path_factory.mktemp("contract"))
    shop.noise("street/a.wav", 0.1 * np.random.default_rng(1).standard_normal(RATE))
    decay = 10 ** (-3 * np.arange(RATE // 2) / (0.4 * RATE))
    response = np.concatenate([np.zeros(300), [1.0], 0.1 * np.random.default_rng(2).standard_normal(RATE // 2) * decay])
    (shop.folder / "rooms").mkdir()
    soundfile.write(shop.folder / "rooms" / "meeting_room.wav", response, RATE, subtype="FLOAT")
    shop.corpus({"North": 12}, speakers=12)
    corpus = read_corpus(CorpusSpec(path="corpus.jsonl"), shop.folder)
    return shop.folder, corpus, select(corpus, Balance(by=("accent",), utterances=2), 1).frame


@pytest.fixture
def draw_for(chosen):
    folder, corpus, frame = chosen
    library = Library(folder, folder)
    stock = Stock(corpus, frame, library, 1, RATE, 10.0)

    def make(step, block=0, longest_s=8.0) -> Draw:
        chain = ChainStep("factor", "family", step.kind, 1, step)
        table = Table(chain, [block], stock, lambda cards, name: [0], lambda block: [])
        dealt = chain.asked and chain.asked.deal(table).dealt[block]
        return Draw(
            (1, f"block {block}", "factor", "family", step.kind), library, Block(block, round(longest_s * RATE)), dealt
        )

    return make


def scene_of(speech: np.ndarray, linear: bool = True) -> Scene:
    """Speech of which is known how loud it is; mixed down for a step that wants it so."""
    stem = Stem.of(speech, RATE)
    scene = Scene(stem, (), RATE, Weighting((100.0, 7000.0)), full_scale_dbspl=90.0, talker_distance_m=0.5)
    return scene if linear else scene.mixed_down()


def load(kind: str):
    return TypeAdapter(Step).validate_python(example(kind))


@pytest.mark.parametrize("kind", KINDS)
class TestContract:
    def test_says_in_words_what_it_does(self, kind):
        step = load(kind)
        words = step.words()
        assert words == step.words() != ""
        assert "_" not in words
        for name in getattr(step, "profile", None), getattr(step, "source", None):
            if name and kind != "effect":
                assert step.words({name: "The <i>Thing</i>"}).startswith("The <i>Thing</i>")

    def test_equal_steps_have_equal_hashes(self, kind):
        assert {load(kind), load(kind)} == {load(kind)}

    def test_docstring_says_what_matters(self, kind):
        for word in ("In a recipe::", "Keeps:", "Changes:", "Random:", "Reference:"):
            assert word in kinds()[kind].__doc__
        assert isinstance(kinds()[kind].stage, Stage)
        assert load(kind).kind == kind

    def test_fields_are_described_and_bounded(self, kind):
        for name, field in kinds()[kind].model_fields.items():
            assert name == "kind" or field.description, f"{kind}.{name} has no description"

    def test_same_draw_same_samples_and_arguments_untouched(self, kind, draw_for):
        step, speech = load(kind), speech_like(1)
        kept = speech.copy()
        one = step.apply(scene_of(speech, step.linear), draw_for(step)).mixture()
        two = step.apply(scene_of(speech, step.linear), draw_for(step)).mixture()
        assert np.array_equal(one, two)
        assert np.array_equal(speech, kept)

    def test_global_random_state_is_left_alone(self, kind, draw_for):
        step = load(kind)
        before = np.random.get_state()[1].copy()  # noqa: NPY002 - it is the global state that is looked at
        step.apply(scene_of(speech_like(1), step.linear), draw_for(step))
        assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002

    @pytest.mark.parametrize("seconds", [0.2, 1.0, 7.3])
    def test_length_and_numbers(self, kind, draw_for, seconds):
        step, speech = load(kind), speech_like(seconds)
        after = step.apply(scene_of(speech, step.linear), draw_for(step))
        for stem in (after.speech, *after.noises):
            assert stem.samples.shape == speech.shape
            assert np.isfinite(stem.samples).all()
        assert after.mixture().shape == speech.shape
        assert np.isfinite(after.mixture()).all()
        assert set(after.noted_values()) == {column.name for column in step.columns()} - {
            column.name for column in NOISE
        }

    def test_timing(self, kind, draw_for):
        step, speech = load(kind), speech_like(3)
        after = step.apply(scene_of(speech, step.linear), draw_for(step))
        heard = after.speech.signal() if step.linear else after.mixture()
        assert abs(gcc_lag(speech, heard)) <= 2

    def test_ten_minutes(self, kind, draw_for):
        step, speech = load(kind), np.zeros(600 * RATE)
        speech[: 5 * RATE] = speech[-5 * RATE :] = speech_like(5)  # some coders take 20 s for ten minutes of words
        draw = draw_for(step, longest_s=600)
        assert step.apply(scene_of(speech, step.linear), draw).mixture().shape == speech.shape

    def test_the_length_of_the_longest_of_a_block_changes_nothing(self, kind, draw_for):
        """An item's bytes must not depend on which others are made with it: noise is equal bit for bit."""
        step, speech = load(kind), speech_like(1.3)
        short, long = (step.apply(scene_of(speech, step.linear), draw_for(step, 0, seconds)) for seconds in (1.3, 5.9))
        for one, other in zip((short.speech, *short.noises), (long.speech, *long.noises), strict=True):
            assert np.array_equal(one.signal(), other.signal())
        assert np.array_equal(short.mixture(), long.mixture())

    def test_one_sample_and_silence_are_done_or_refused_in_words(self, kind, draw_for):
        from augment.errors import RenderError

        step = load(kind)
        for speech in (np.array([0.5]), np.zeros(RATE)):
            try:
                after = step.apply(scene_of(speech, step.linear), draw_for(step)).mixture()
            except RenderError as error:
                refusal = str(error)
                assert "no active speech" in refusal
            else:
                assert after.shape == speech.shape
                assert np.isfinite(after).all()
