"""The fit of a recording, asked by closed forms: sounds made here, whose figures are known."""

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import augment
from augment.acoustics.filters import without_infrasound
from augment.acoustics.levels import SpeechMeter, power
from augment.errors import ProfileError
from augment.fitting.bed import third_octaves_db
from augment.fitting.described import described
from augment.fitting.drift import Drift, spread_over
from augment.fitting.fit import taken_apart
from augment.fitting.fitted import fitted, profile_of
from augment.fitting.heard import heard
from augment.fitting.recorded import usable_of
from augment.fitting.spectra import Usable
from augment.profiles.library import Library, bundled_names
from augment.streams import generator

RATE = 8000
TONE_RATE = 4000


def usable(samples, rate=RATE):
    return Usable(samples, rate, np.ones(samples.size, np.bool_), rate / 2)


def times(seconds, rate=RATE):
    return np.arange(round(seconds * rate)) / rate


def tone(t, hz, level_db, phase=0.3):
    return 2**0.5 * 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * t + phase)


def hiss(samples, level_db, seed=1):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(samples)


def raised_cosine(since_s, on_s, ramp_s):
    """Gain at times since a burst began."""
    edge = np.clip(np.minimum(since_s, on_s - since_s) / ramp_s, 0, 1)
    return (1 - np.cos(np.pi * edge)) / 2


def wandering(t, deviation_hz, time_s, seed):
    """An Ornstein-Uhlenbeck process by its exact recursion, and its angle."""
    step = t[1] - t[0]
    keep = np.exp(-step / time_s)
    rng = np.random.default_rng(seed)
    kicks = deviation_hz * (1 - keep**2) ** 0.5 * rng.standard_normal(t.size)
    kicks[0] = deviation_hz * rng.standard_normal()
    wander = scipy.signal.lfilter([1], [1, -keep], kicks)
    return wander, 2 * np.pi * np.cumsum(wander) * step


def test_a_series_that_drifts_is_found_in_noise():
    t, levels_db = times(12), {1: -26, 2: -20, 3: -29, 5: -32, 8: -35}
    wander, angle = wandering(t, 0.15, 1.5, 2)
    sound = hiss(t.size, -40) + sum(tone(t, 137 * n, level, n + n * angle) for n, level in levels_db.items())
    (voice,) = taken_apart(usable(sound)).voices
    assert voice.fundamental_hz == pytest.approx(137 + np.mean(wander), rel=2e-4)  # where it was in this recording
    assert set(voice.levels_db) == set(levels_db)
    for number, level in levels_db.items():
        assert voice.levels_db[number] == pytest.approx(level, abs=0.6)
    assert voice.drift is not None
    assert 0.07 < voice.drift.deviation_hz < 0.3


def test_the_mean_of_a_drift_spreads_as_the_process_does():
    t = times(20, 50)
    means = [np.mean(wandering(t, 0.5, 2.0, seed)[0]) for seed in range(400)]
    assert np.std(means) == pytest.approx(spread_over(Drift(0.5, 2.0), 20), rel=0.1)


@pytest.mark.parametrize(("fundamental", "numbers"), [(30, (1, 2, 3)), (50, (1, 3, 5, 7)), (119, (2, 3, 4))])
def test_no_series_is_told_by_a_fundamental_under_its_own(fundamental, numbers):
    t = times(8, TONE_RATE)
    sound = hiss(t.size, -60) + sum(tone(t, fundamental * n, -20 - n, n) for n in numbers)
    voices = taken_apart(usable(sound, TONE_RATE)).voices
    assert [voice.fundamental_hz for voice in voices] == pytest.approx([fundamental], rel=1e-4)
    assert set(voices[0].levels_db) == set(numbers)


def test_a_switched_tone_has_the_level_of_its_on():
    t, on_s, off_s, ramp_s = times(10), 0.22, 0.31, 0.03
    sound = tone(t, 911, -18) * raised_cosine(t % (on_s + off_s), on_s, ramp_s) + hiss(t.size, -55)
    components = described(taken_apart(usable(sound)), 10)
    (figures,) = [one.figures for one in components if one.figures["kind"] == "harmonics"]
    bursts = figures["bursts"]
    assert figures["levels_db"][1] == pytest.approx(-18, abs=0.5)
    assert bursts["on_s"] + bursts["off_s"] == pytest.approx(on_s + off_s, rel=2e-3)
    assert bursts["on_s"] - bursts["ramp_s"] == pytest.approx(on_s - ramp_s, abs=0.01)  # at half of the height
    assert bursts["ramp_s"] == pytest.approx(ramp_s, abs=0.015)


def test_knocks_have_their_rate_and_their_level():
    rate_hz, jitter, t = 6.3, 0.03, times(12)
    rng = np.random.default_rng(4)
    at_s = np.cumsum((1 + jitter * rng.standard_normal(70)) / rate_hz)
    knock = np.exp(-6.908 * times(0.05) / 0.015) * np.sin(2 * np.pi * 640 * times(0.05))
    sound = np.zeros(t.size + knock.size)
    for at in np.rint(at_s * RATE).astype(int):
        sound[at : at + knock.size] += knock
    sound = sound[: t.size] * 0.01**0.5 / np.sqrt(rate_hz * np.sum(knock**2) / RATE)  # -20 dBov over a long time
    (struck,) = taken_apart(usable(sound + hiss(t.size, -48))).struck
    assert struck.train.rate_hz == pytest.approx((at_s.size - 1) / (at_s[-1] - at_s[0]), rel=3e-3)
    assert struck.train.jitter == pytest.approx(jitter, abs=0.015)
    assert struck.level_db == pytest.approx(-20, abs=0.7)
    loudest = max(struck.strike.ringing, key=lambda one: one.amplitude)
    assert loudest.frequency_hz == pytest.approx(640, rel=0.03)


def test_the_bed_has_the_third_octaves_that_were_drawn():
    t, wanted = times(12), {100.0: -50.0, 250.0: -42.0, 630.0: -58.0, 1600.0: -47.0}
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(t.size))
    frequency = np.fft.rfftfreq(t.size, 1 / RATE)
    density = np.exp(np.interp(np.log(np.maximum(frequency, 1)), np.log([*wanted]), np.array([*wanted.values()])))
    sound = np.fft.irfft(spectrum * 10 ** (np.log(density) / 20), t.size) * 10 ** (-20 / 20)
    parts = taken_apart(usable(sound + tone(t, 430, -30)))
    power_of = np.abs(np.fft.rfft(sound)) ** 2 * 2 / t.size**2
    found = third_octaves_db(parts.bed.frequency_hz, parts.bed.density, RATE / 2)
    for centre in (125, 200, 315, 500, 800, 1250, 2000, 3150):
        exact = 1000 * 10 ** (round(10 * np.log10(centre / 1000)) / 10)
        inside = (frequency > exact * 10**-0.05) & (frequency < exact * 10**0.05)
        assert found[centre] == pytest.approx(10 * np.log10(np.sum(power_of[inside])), abs=0.8)


def test_an_alarm_comes_back_with_its_pattern():
    profile = Library(Path()).noise_profile("alarm_medium")
    (truth,) = profile.components
    sound, _ = profile.render(20 * RATE, RATE, lambda name: generator("test fitting", name))
    sound = 0.05 * sound + hiss(sound.size, -75)
    (found,) = [one.figures for one in described(taken_apart(usable(sound)), 20) if one.figures["kind"] == "alarm"]
    assert found["pulse_s"] == pytest.approx(truth.pulse_s, abs=0.01)
    assert found["spacings_s"] == pytest.approx(list(truth.spacings_s), abs=0.01)
    assert found["interval_s"] == pytest.approx(truth.interval_s, abs=0.02)
    assert found["pulse_hz"] == pytest.approx([440], rel=1e-4)
    for ratio in (1, 2, 3, 4, 5):
        assert found["levels_db"][ratio] == pytest.approx(truth.levels_db[ratio] + 20 * np.log10(0.05), abs=0.5)


def test_a_machine_under_speech_is_the_machine_alone(demo_speech):
    rate = 16000
    t = times(9, rate)
    machine = hiss(t.size, -40, 7) + tone(t, 311, -30) + tone(t, 622, -36)
    voice = np.zeros(t.size)
    voice[3 * rate : 3 * rate + demo_speech.size] = demo_speech
    level_dbov = SpeechMeter(voice, rate).read().active_level_dbov
    voice *= 10 ** ((10 * np.log10(power(machine)) + 5 - level_dbov) / 20)
    usable_part = heard(machine + voice, rate)
    assert np.mean(usable_part.usable[4 * rate : 5 * rate]) < 0.2
    found = taken_apart(usable_of(usable_part))
    tones = {voice.fundamental_hz * n: level for voice in found.voices for n, level in voice.levels_db.items()}
    assert sorted(tones) == pytest.approx([311, 622], rel=1e-3)
    assert [tones[hz] for hz in sorted(tones)] == pytest.approx([-30, -36], abs=0.5)


HOSTILE = "a: {b} - 'c' \"d\" #e\n<script>alert(1)</script>\u202e.wav".replace("/", "\u2215")


@pytest.fixture(scope="module")
def stereo(tmp_path_factory):
    """Two seconds of a tone at 8 kHz, its left channel silent, under a name that means no good."""
    t = times(2)
    sound = tone(t, 250, -25) + hiss(t.size, -60)
    path = tmp_path_factory.mktemp("fit") / HOSTILE
    soundfile.write(path, np.stack([np.zeros(t.size), sound], axis=1), RATE, "PCM_16", format="WAV")
    return path


@pytest.fixture(scope="module")
def fit(stereo):
    return augment.fit_profile(str(stereo), calibration_dba=67.0, licence="CC0\nlevel: {dba: 1}")


def test_the_file_is_the_profile_whatever_the_recording_is_called(fit, tmp_path):
    fit.save(tmp_path / "hum.yaml")
    assert Library(tmp_path).noise_profile("hum.yaml") == fit.profile
    assert b"<script>alert" not in fit.page()


def test_a_fit_is_a_line_and_a_notebook_has_its_profile(fit):
    assert repr(fit).startswith("<FittedProfile of '")
    assert f"{len(fit.profile.components)} component" in repr(fit)
    assert len(repr(fit)) < 400
    shown = fit._repr_html_()
    assert "fundamental_hz" in shown
    assert "<script" not in shown


def test_a_channel_that_is_not_there_is_refused(stereo):
    with pytest.raises(ProfileError, match="it has 2 channels, and channel 2 was asked for"):
        augment.fit_profile(str(stereo), channel=2)


def test_two_seconds_of_a_channel_tell_a_tone_and_the_level_that_was_said(fit):
    (found,) = [one for one in fit.profile.components if one.kind == "harmonics"]
    assert found.fundamental_hz == pytest.approx(250, rel=1e-3)
    assert fit.found.heard.channel == 1
    assert fit.profile.level.dba == pytest.approx(67, abs=0.2)
    # The tone is 35 dB above the noise: it is all of the level. A-weighting at 250 Hz by the table of IEC 61672-1.
    gain_db = fit.profile.level.dba - fit.profile.a_level_db(RATE)
    assert gain_db + found.levels_db[1] - 8.6 == pytest.approx(67, abs=0.4)


def test_silence_is_refused_and_nothing_is_written(tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(3 * RATE), RATE)
    with pytest.raises(ProfileError, match="silent"):
        augment.fit_profile(str(tmp_path / "silent.wav"))
    assert [path.name for path in tmp_path.iterdir()] == ["silent.wav"]


@settings(max_examples=3)
@given(st.sampled_from(sorted(bundled_names("noise_profile"))), st.sampled_from([8000, 16000, 44100]))
def test_three_seconds_of_any_machine_become_a_profile(name, rate):
    sound, _ = Library(Path()).noise(name, 3 * rate, rate, lambda stream: generator("three seconds", name, stream))
    found = fitted(Usable(without_infrasound(sound, rate) * 0.05, rate, np.ones(sound.size, np.bool_), rate / 2))
    assert profile_of(found.components) == found.profile
    assert 0 <= found.unexplained <= 1
