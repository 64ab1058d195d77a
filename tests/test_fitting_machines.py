"""What is found of bundled machines: each was chosen for something that is easily taken for something else."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from augment.fitting.envelopes import Demodulator
from augment.fitting.fit import taken_apart
from augment.fitting.fitted import fitted
from augment.fitting.lines import find_lines
from augment.fitting.spectra import Usable
from augment.fitting.tones import find_tones
from augment.fitting.voices import burst_pattern
from augment.profiles.library import Library
from augment.streams import generator
from conftest import ROOT

RATE, SECONDS = 16_000, 24


@cache
def sound_of(name):
    """A machine at a level that its profile gives it, and what was scaled away in dB."""
    profile = Library(Path()).noise_profile(name)
    sound, _ = profile.render(SECONDS * RATE, RATE, lambda stream: generator("found", name, stream))
    scale = 0.3 / np.max(np.abs(sound))
    return Usable(sound * scale, RATE, np.ones(sound.size, np.bool_), RATE / 2), 20 * np.log10(scale), profile


@cache
def parts_of(name):
    return taken_apart(sound_of(name)[0])


def test_a_breath_is_noise_that_comes_and_goes():
    bursts = burst_pattern(parts_of("neonatal_ventilator").bed.gate, 30.0)
    assert (bursts.on_s, bursts.off_s) == pytest.approx((0.5, 1.0), abs=0.04)


def test_noise_that_swells_is_no_train_of_knocks():
    parts = parts_of("ct_gantry")
    assert not parts.struck
    assert parts.bed.swing.rate_hz == pytest.approx(2, rel=0.002)
    assert parts.bed.swing.depth == pytest.approx(0.3, abs=0.04)


def test_hum_beats_and_knocks_on_nothing():
    parts = parts_of("mains_hum_50")
    assert not parts.struck
    (voice,) = parts.voices
    assert voice.fundamental_hz == pytest.approx(50, rel=0.002)


def test_an_engine_has_the_fundamental_of_its_odd_harmonics():
    voice = max(parts_of("car_idle").voices, key=lambda one: len(one.tones))
    assert voice.fundamental_hz == pytest.approx(13.33, rel=0.004)
    assert {3, 4, 6, 8} <= set(voice.tones)


def test_tones_that_knocks_cover_are_switched_like_the_others():
    _, scale_db, profile = sound_of("mri_tse")
    (voice,) = (one for one in parts_of("mri_tse").voices if len(one.tones) > 2)
    wanted = {number: level + scale_db for number, level in profile.components[0].levels_db.items()}
    assert voice.gate is not None
    off = {number: voice.levels_db[number] - wanted[number] for number in (1, 2, 3, 4, 6, 9, 11, 12)}
    assert off == pytest.approx(dict.fromkeys(off, 0), abs=0.6)


def test_a_scanner_is_its_tones_and_its_knocks_and_not_the_lines_between():
    parts = parts_of("mri_epi")
    assert len(parts.voices) <= 4
    odd, even = (next(one for one in parts.voices if {number, number + 2} <= set(one.tones)) for number in (1, 2))
    assert odd.gate is not None
    assert even.swing.rate_hz == pytest.approx(14.1, rel=0.002)
    assert parts.struck[0].train.rate_hz == pytest.approx(14.1, rel=0.003)


def test_what_a_press_strikes_is_no_tone():
    frequencies = [tone.line.frequency_hz for voice in parts_of("press").voices for tone in voice.tones.values()]
    assert not [one for one in frequencies if min(abs(one - f) for f in (560, 1240, 2650, 5200)) < 20]
    assert [one for one in frequencies if abs(one - 48.8) < 0.5]


def test_a_conveyor_knocks_over_a_rumble_that_is_louder():
    _, scale_db, profile = sound_of("conveyor")
    (struck,) = parts_of("conveyor").struck
    assert struck.train.rate_hz == pytest.approx(5.2, rel=0.01)
    assert struck.level_db == pytest.approx(profile.components[0].level_db + scale_db, abs=4)


@pytest.mark.parametrize("name", ["press", "ct_gantry"])
def test_tones_of_a_machine_do_not_wander_for_the_noise_beside_them(name):
    assert all(voice.wander is None for voice in parts_of(name).voices)


@pytest.mark.parametrize(
    ("name", "kind"), [("waiting_hall", "fluctuating_noise"), ("ventilation_fan", "third_octave_noise")]
)
def test_noise_is_told_as_living_where_it_lives(name, kind):
    kinds = [one.figures["kind"] for one in fitted(sound_of(name)[0]).components]
    assert kind in kinds
    assert len({"fluctuating_noise", "third_octave_noise"} & set(kinds)) == 1


def test_two_lines_that_are_no_tones_are_one_that_drifts(monkeypatch):
    """A fan of which a long window shows two lines, 4 Hz apart, and a short one nothing that is clearly more."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    from round_trip_recording import Trial, recording

    profile = Library(Path()).noise_profile("server_fans")
    samples, _, _ = recording(profile, "server_fans", 48_000, Trial(10.0, "nobody tuned on this", None))
    heard = Usable(samples, 48_000, np.ones(samples.size, np.bool_), 24_000.0)
    lines, spectrum = find_lines(heard)
    assert sum(1160 < line.frequency_hz < 1172 for line in lines) == 2
    tones, _ = find_tones(Demodulator(heard), lines, spectrum)
    assert [one.line.frequency_hz for one in tones if 1160 < one.line.frequency_hz < 1172] == pytest.approx(
        [1166], abs=1.5
    )


def test_slices_that_follow_one_another_within_bursts_are_no_swing_of_the_noise():
    assert parts_of("mri_diffusion").bed.gate is not None
    assert parts_of("mri_diffusion").bed.swing is None
