# ruff: noqa: NPY002 - it is the global state that is looked at
"""Transforms of audiomentations: each that is let in keeps length, time, global state and its word; the others are told
why not."""

import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydantic import ValidationError

import augment
from augment.errors import RenderError
from augment.external import audiomentations_adapter as engine
from augment.perturb import kinds
from augment.profiles.library import Library
from augment.scene import Block, Draw, NoiseRequest, Scene, Stage, Stem, Weighting
from conftest import RATE, gcc_lag, speech_like

EXAMPLES = {
    "AirAbsorption": {"temperature": 20, "humidity": 50, "distance": 30.0},
    "Aliasing": {"sample_rate": 6000},
    "BandPassFilter": {"center_freq": 1500, "bandwidth_fraction": 1.2, "rolloff": 12, "zero_phase": True},
    "BandStopFilter": {"center_freq": 1500.0, "bandwidth_fraction": 0.3, "rolloff": 24, "zero_phase": True},
    "BitCrush": {"bit_depth": 6},
    "Clip": {"a_min": -0.05, "a_max": 0.05},
    "ClippingDistortion": {"percentile_threshold": 20},
    "HighPassFilter": {"cutoff_freq": 300, "rolloff": 12, "zero_phase": True},
    "HighShelfFilter": {"center_freq": 3000, "gain_db": -6, "q": 0.7},
    "Limiter": {"threshold_db": -10, "attack": 0.001, "release": 0.1, "threshold_mode": "relative_to_signal_peak"},
    "LowPassFilter": {"cutoff_freq": 3000, "rolloff": 12, "zero_phase": True},
    "LowShelfFilter": {"center_freq": 300, "gain_db": -6, "q": 0.7},
    "Mp3Compression": {"bitrate": 24, "quality": 5},
    "PeakingFilter": {"center_freq": 1000, "gain_db": 6, "q": 1},
    "PolarityInversion": {},
    "TanhDistortion": {"distortion": 0.3},
    "TimeMask": {"band_part": 0.1, "fade_duration": 0.01, "mask_location": "random"},
}
each = pytest.mark.parametrize("name", EXAMPLES)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def effect(**fields):
    return kinds()["effect"].model_validate_json(json.dumps({"kind": "effect", **fields}))


def run(name, signal, seed=1):
    return engine.run(name, EXAMPLES[name], signal, RATE, rng(seed))


def test_every_transform_let_in_is_tried_here_and_none_is_in_both_lists():
    import audiomentations

    assert set(EXAMPLES) == set(engine.ALLOWED)
    assert not set(engine.ALLOWED) & set(engine.REFUSED)
    assert all(hasattr(audiomentations, name) for name in {*engine.ALLOWED, *engine.REFUSED})


@each
def test_speech_keeps_its_length_and_its_time(name, demo_speech):
    after, _ = run(name, demo_speech)
    assert after.shape == demo_speech.shape
    assert after.dtype == np.float64
    assert not np.array_equal(after, demo_speech)
    turned = -after if name == "PolarityInversion" else after
    assert abs(gcc_lag(demo_speech, turned)) <= 2
    assert abs(engine.lag_samples(name, EXAMPLES[name], RATE)) <= 2
    assert effect(transform=name, parameters=EXAMPLES[name]).unfit(RATE) is None


@each
def test_same_seed_same_samples_and_nobody_notices(name):
    speech = speech_like(2.0, 5)
    kept = speech.copy()
    random.seed(3)
    np.random.seed(3)
    expected = random.random(), np.random.random()
    random.seed(3)
    np.random.seed(3)
    one, told = run(name, speech)
    assert (random.random(), np.random.random()) == expected
    two, again = run(name, speech)
    assert np.array_equal(one, two)
    assert told == again
    assert np.array_equal(speech, kept)


@each
def test_silence_and_every_second_sample(name):
    silence, _ = run(name, np.zeros(RATE))
    assert np.abs(silence).max() < 1e-3
    strided = np.repeat(speech_like(1.0), 2)[::2]
    assert np.array_equal(run(name, strided)[0], run(name, strided.copy())[0])


@each
def test_one_sample_is_done_or_refused_in_words(name):
    too_short = {"Aliasing", "BandPassFilter", "BandStopFilter", "HighPassFilter", "LowPassFilter", "Mp3Compression"}
    if name in too_short:
        with pytest.raises(
            RenderError, match=rf"audiomentations\.{name} fails on 1 samples: .*(padlen|too short|empty)"
        ):
            run(name, np.array([0.5]))
    else:
        assert run(name, np.array([0.5]))[0].shape == (1,)


@each
def test_ten_minutes(name):
    speech = np.tile(speech_like(10.0), 60)
    assert run(name, speech)[0].shape == speech.shape


@each
def test_what_was_set_is_what_is_reported(name):
    _, told = run(name, speech_like(1.0))
    reported = json.loads(told)
    assert "should_apply" not in reported
    assert reported["transform"] == name
    for parameter, value in EXAMPLES[name].items():
        assert reported[parameter] == value or name == "Limiter"  # which reports coefficients for its times
    renamed = {"sample_rate": "new_sample_rate", "distortion": "distortion_amount", "q": "q_factor"}
    for parameter, own in renamed.items():
        if parameter in EXAMPLES[name]:
            assert reported[own] == pytest.approx(EXAMPLES[name][parameter], rel=1e-6)


def test_bits_are_crushed_to_their_number():
    crushed, _ = engine.run("BitCrush", {"bit_depth": 4}, np.linspace(-1, 1, 5000), RATE, rng())
    assert np.unique(crushed).size == 19


def test_what_a_transform_places_follows_the_seed():
    first, second = (json.loads(run("TimeMask", speech_like(2.0), seed)[1])["t0"] for seed in (1, 2))
    assert first != second


def test_threads_and_processes_agree():
    speech = speech_like(1.0)
    code = (
        "import sys, numpy as np; from augment.external import audiomentations_adapter as engine;"
        "from test_effects import EXAMPLES, run; from conftest import speech_like;"
        "[sys.stdout.buffer.write(run(name, speech_like(1.0))[0].tobytes()) for name in EXAMPLES]"
    )
    alone = [run(name, speech)[0] for name in EXAMPLES]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: run(name, speech)[0], list(EXAMPLES) * 3))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 3, together, strict=True))
    elsewhere = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, env=_path()).stdout
    assert elsewhere == b"".join(signal.tobytes() for signal in alone)


def _path() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_the_package_is_imported_only_when_it_is_used():
    code = (
        "import sys, augment; from augment.perturb import kinds; kinds(); assert 'audiomentations' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_path())


def test_state_comes_back_after_a_failure(monkeypatch):
    import audiomentations

    def broken(self, samples, sample_rate):
        np.random.random()
        raise OSError("no")

    monkeypatch.setattr(audiomentations.BitCrush, "apply", broken)
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    with pytest.raises(RenderError, match=r"audiomentations\.BitCrush fails on 10 samples: no"):
        run("BitCrush", np.zeros(10))
    assert np.array_equal(np.random.get_state()[1], state)
    assert not engine._ONE_AT_A_TIME.locked()


@pytest.mark.parametrize(
    ("made", "told"),
    [(lambda x, r: x[:-1], r"turned 10 samples into shape \(9,\)"), (lambda x, r: x * np.nan, "not finite numbers")],
)
def test_other_lengths_and_no_numbers_are_refused(monkeypatch, made, told):
    import audiomentations

    monkeypatch.setattr(audiomentations.BitCrush, "apply", lambda self, x, r: made(x, r))
    with pytest.raises(RenderError, match=told):
        run("BitCrush", np.ones(10))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"transform": "BitCrsh"}, "did you mean 'BitCrush'"),
        ({"transform": "PitchShift"}, "is not allowed: it changes the length or the timing"),
        ({"transform": "AddGaussianSNR"}, "coloured_noise"),
        ({"transform": "BitCrush"}, "needs bit_depth; given: nothing"),
        ({"transform": "BitCrush", "parameters": {"bit_depht": 8}}, "did you mean 'bit_depth'"),
        ({"transform": "BitCrush", "parameters": {"min_bit_depth": 8}}, "give one value: 'bit_depth'"),
        ({"transform": "BitCrush", "parameters": {"bit_depth": 8.5}}, "expected a whole number for 'bit_depth'"),
        ({"transform": "BitCrush", "parameters": {"bit_depth": True}}, "expected a whole number"),
        ({"transform": "BitCrush", "parameters": {"bit_depth": 40}}, "must not be greater than 32"),
        ({"transform": "TanhDistortion", "parameters": {"distortion": 2}}, "does not take these values"),
        ({"transform": "TimeMask", "parameters": {"band_part": 0.1, "mask_location": "middle"}}, "mask_location must"),
        ({"transform": "BitCrush", "at": "room", "parameters": {"bit_depth": 8}}, "Input should be 'source'"),
        ({"transform": "BitCrush", "parameters": {"bit_depth": 8}, "p": 0.5}, "Extra inputs"),
    ],
)
def test_a_wrong_recipe_is_told_what_to_do(fields, told):
    with pytest.raises(ValidationError) as caught:
        effect(**fields)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"transform": "LowPassFilter", "parameters": {"cutoff_freq": 1000, "rolloff": 24}}, "shifts speech by 6.4"),
        ({"transform": "LowPassFilter", "parameters": {"cutoff_freq": 9000, "rolloff": 12}}, "not below half"),
        ({"transform": "Aliasing", "parameters": {"sample_rate": 16000}}, "not below the sample rate"),
        (
            {
                "transform": "BandPassFilter",
                "parameters": {"center_freq": 6000, "bandwidth_fraction": 1.0, "rolloff": 12},
            },
            "9000 Hz is not below half of the sample rate, 8000 Hz",
        ),
    ],
)
def test_what_can_never_work_is_told_before_anything_is_rendered(fields, told):
    message, remedy = effect(**fields).unfit(RATE)
    assert told in message
    assert remedy


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(engine.EXTRA, "BitCrush", "no_such_package")
    message, remedy = effect(transform="BitCrush", parameters={"bit_depth": 8}).unfit(RATE)
    assert "no_such_package" in message
    assert "acoustigrid[effects]" in remedy


def scene_of(speech):
    scene = Scene(Stem.of(speech, RATE), (), RATE, Weighting((100.0, 7000.0)))
    hiss = 0.1 * rng(8).standard_normal(speech.size)
    return scene.with_noise(Stem.of(hiss, RATE).track, NoiseRequest("noise", "hiss", 10.0))


def draw(tmp_path, block=0):
    return Draw((1, f"block {block}", "factor", "family", "effect"), Library(tmp_path), Block(block, RATE))


def test_it_stands_where_it_is_put():
    for place in ("source", "microphone", "electrical", "processing", "channel"):
        step = effect(transform="BitCrush", parameters={"bit_depth": 8}, at=place)
        assert step.stage is Stage[place.upper()]
        assert step.linear == (place == "source")
    assert effect(transform="BitCrush", parameters={"bit_depth": 8}).stage is Stage.PROCESSING


def test_it_works_on_the_mixture_and_notes_its_parameters(tmp_path):
    step = effect(transform="BitCrush", parameters={"bit_depth": 5})
    scene = scene_of(speech_like(1.0)).mixed_down()
    after = step.apply(scene, draw(tmp_path))
    assert np.unique(after.mixture()).size <= 2**5 + 3
    assert after.noted_values() == {"effect_parameters": '{"transform": "BitCrush", "bit_depth": 5}'}
    assert set(after.noted_values()) == {column.name for column in step.records}
    again = step.apply(scene, draw(tmp_path))
    assert np.array_equal(again.mixture(), after.mixture())
    assert again.noted_values() == after.noted_values()


def test_at_the_source_it_works_on_the_speech_alone(tmp_path):
    step = effect(transform="Clip", parameters={"a_min": -0.01, "a_max": 0.01}, at="source")
    scene = scene_of(speech_like(1.0)).scaled(0.5)
    after = step.apply(scene, draw(tmp_path))
    assert np.abs(after.speech.signal()).max() == pytest.approx(0.01)
    assert np.array_equal(after.noises[0].signal(), scene.noises[0].signal())
    assert after.mixture_stem is None
    told = json.loads(after.noted_values()["effect_parameters"])
    assert told == {"transform": "Clip", "a_min": -0.01, "a_max": 0.01}


def test_the_gain_before_it_is_no_secret(tmp_path, stocked):
    """Speech that an effect hardly changes takes as much gain to the file as without it."""
    effect_at_source = "{kind: effect, transform: BitCrush, at: source, parameters: {bit_depth: 11}}"
    factors = f"{{it: {{plain: [], crushed: [{effect_at_source}]}}}}"
    recipe = stocked.recipe(factors=factors, speech="{level_dbov: -40}")
    plan = augment.plan(recipe)
    for utterance in plan.items["utterance"].unique():
        made = augment.render_utterance(plan, utterance)
        gains_db = [made[name].measured["gain_db"] for name in ("plain", "crushed")]
        assert abs(gains_db[0]) > 1
        assert gains_db[1] == pytest.approx(gains_db[0], abs=0.05)
    augment.build(plan, tmp_path / "set")
    verdict = augment.verify(tmp_path / "set", sample=0)
    assert verdict.sound, verdict.deviations


def test_blocks_draw_for_themselves(tmp_path):
    step = effect(transform="TimeMask", parameters={"band_part": 0.1})
    scene = scene_of(speech_like(3.0)).mixed_down()
    places = [step.apply(scene, draw(tmp_path, block)).noted_values()["effect_parameters"] for block in (0, 0, 1)]
    assert places[0] == places[1] != places[2]
