"""Figures of a profile that a recipe replaces: what moves with them, what stays, and what cannot be."""

import json

import numpy as np
import pytest

import augment
from augment.design.wording import words_of
from augment.errors import ProfileError, RecipeError
from augment.profiles.library import Library
from augment.profiles.refigured import NewFigures
from augment.streams import generator

RATE = 16000


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path)


def changed(library, name, **figures):
    return library.refigured(name, NewFigures(**figures))


def test_what_has_the_same_figure_moves_with_it(library):
    """Slices of a scan: knocks, the swell of the even harmonics, and the pauses, which are rounded to milliseconds."""
    for name in ("pulse_rate_hz", "modulation_rate_hz"):
        found = changed(library, "mri_epi", **{name: 2.0})
        odd, even, slices, pump, _ = found.profile.components
        assert slices.rate_hz == even.modulation.rate_hz == 2.0
        assert odd.bursts.on_s + odd.bursts.off_s == pytest.approx(0.5)
        assert odd.bursts.on_s / odd.bursts.off_s == pytest.approx(58 / 13)
        assert pump.rate_hz == 1.5
        assert odd.fundamental_hz == 690
    tones = changed(library, "mri_epi", fundamental_hz=1000.0).profile.components
    assert [part.fundamental_hz for part in tones[:2]] == [1000.0, 1000.0]
    assert tones[2].rate_hz == 14.1


def test_knocks_at_random_times_have_a_rate_where_there_is_no_train(library, tmp_path):
    """As fits of doors and dishes have: it is the only rhythm of these."""
    knocks = "kind: knocks, source: heard, resonances: [{frequency_hz: 900, decay_s: 0.02, level_db: 0}]"
    parts = [f"  - {{{knocks}, rate_hz: {rate}, level_db: {level}}}\n" for rate, level in ((0.8, 0), (3, -20))]
    (tmp_path / "dishes.yaml").write_text(f"title: dishes\nabout: knocks\ncomponents:\n{''.join(parts)}")
    found = changed(library, "dishes.yaml", pulse_rate_hz=2.0)
    assert [part.rate_hz for part in found.profile.components] == [2.0, 3.0]
    assert [one.told() for one in found.kept] == ["pulses 3 a second"]
    swell = "{kind: octave_noise, source: heard, octave_levels_db: {500: 0}, modulation: {rate_hz: 3, depth: 0.5}}"
    parts.append(f"  - {swell}\n")
    (tmp_path / "swell.yaml").write_text(f"title: dishes\nabout: knocks\ncomponents:\n{''.join(parts)}")
    *knocking, _ = changed(library, "swell.yaml", modulation_rate_hz=8.0).profile.components
    assert [part.rate_hz for part in knocking] == [0.8, 3.0], "that they are as many as swells is chance"


def test_figures_of_its_kind_that_stay_are_told(library):
    told = [found.told() for found in changed(library, "mri_epi", pulse_rate_hz=2.0).kept]
    assert told == ["pulses 1.5 a second"]
    assert changed(library, "press", pulse_rate_hz=2.0).kept == ()


def test_a_share_keeps_the_rate_and_a_rate_the_share(library):
    (odd, *_) = changed(library, "mri_epi", on_share=0.3).profile.components
    assert odd.bursts.on_s + odd.bursts.off_s == pytest.approx(0.071)
    assert odd.bursts.on_s == pytest.approx(0.3 * 0.071)
    (library.base / "beeps.yaml").write_text(
        "title: beeps\nabout: beeps\ncomponents:\n  - {kind: harmonics, source: test, fundamental_hz: 900, "
        "levels_db: {1: 0}, bursts: {on_s: 0.3, off_s: 0.1, ramp_s: 0.01}}\n"
    )
    (beeps,) = changed(library, "beeps.yaml", burst_rate_hz=100.0, on_share=0.5).profile.components
    assert beeps.bursts.on_s == beeps.bursts.off_s == pytest.approx(0.005)
    assert beeps.bursts.ramp_s == pytest.approx(0.0025)  # as long as there is room
    (beeps,) = changed(library, "beeps.yaml", burst_rate_hz=5.0).profile.components
    assert (beeps.bursts.on_s, beeps.bursts.off_s) == pytest.approx((0.15, 0.05))


def test_a_clock_moves_with_all_that_keeps_to_it(library):
    (library.base / "buzz.yaml").write_text(
        "title: buzz\nabout: buzz\nclocks: {mains: {rate_hz: 50}}\n"
        "gates: {beat: {clock: mains, times: 2, share: 0.4}}\ncomponents:\n"
        "  - {kind: harmonics, source: test, clock: mains, times: 2, levels_db: {1: 0}, gate: beat}\n"
        "  - {kind: harmonics, source: test, fundamental_hz: 100, levels_db: {3: -9}}\n"
    )
    profile = changed(library, "buzz.yaml", fundamental_hz=120.0, on_share=0.2).profile
    assert profile.clocks["mains"].rate_hz == 60
    assert profile.gates["beat"].share == 0.2
    assert profile.components[1].fundamental_hz == 120
    with pytest.raises(ProfileError, match="they turn together: give one of them"):
        changed(library, "buzz.yaml", fundamental_hz=120.0, burst_rate_hz=80.0)


@pytest.mark.parametrize("rate", [0.5, 1.6])
def test_the_rhythm_that_is_heard_is_the_new_one(library, rate):
    noise, _ = library.noise(
        "press", 40 * RATE, RATE, lambda n: generator(1, n), figures=NewFigures(pulse_rate_hz=rate)
    )
    envelope = (noise**2).reshape(-1, 160).sum(axis=1)
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    frequency = np.fft.rfftfreq(envelope.size, 160 / RATE)
    inside = (frequency > 0.3) & (frequency < 1.5 * rate)
    assert frequency[inside][np.argmax(spectrum[inside])] == pytest.approx(rate, rel=0.05)


SWEPT = "{{noise: {{press: {{steps: [{{kind: equipment_noise, profile: press, snr_db: 5}}], sweep: {}}}, fan: {}}}}}"


def test_a_sweep_over_a_rhythm_is_a_factor_of_the_grid(workshop):
    workshop.corpus({"N": 1})
    recipe = workshop.recipe(factors=SWEPT.format("{pulse_rate_hz: [0.5, 2]}", "[]"))
    plan = augment.plan(recipe)
    assert [condition.name for condition in plan.conditions] == ["press_0p5hz", "press_2hz", "fan"]
    told = words_of(plan)
    assert told["press_2hz"] == "Stamping press (pulses 2 a second) at 5 dB"
    folder = workshop.folder / "out"
    augment.build(recipe, folder)
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert {row["condition"]: row["pulse_rate_hz"] for row in rows} == {
        "press_0p5hz": 0.5,
        "press_2hz": 2.0,
        "fan": None,
    }


def test_a_figure_that_does_not_go_with_the_profile_is_told_in_its_place(workshop):
    workshop.corpus({"N": 2})
    hum = "[{kind: equipment_noise, profile: mains_hum_50, snr_db: 5, on_share: 0.5}]"
    recipe = workshop.recipe(factors=SWEPT.format("{pulse_rate_hz: [0.5, 200]}", hum))
    with pytest.raises(RecipeError) as caught:
        augment.plan(recipe)
    told = [str(fault) for fault in caught.value.faults]
    assert any("pulse_rate_hz" in line and "ring into one another" in line for line in told), told
    assert any("'mains_hum_50' has no on_share - it has fundamental_hz: 50" in line for line in told), told
