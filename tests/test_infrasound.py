"""What nobody hears sets no level: rumble under speech, and noise that is nothing but rumble."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import augment
from acceptance.outside import p56_dbov
from augment.acoustics.filters import without_infrasound
from augment.errors import DesignError, ProfileError
from augment.notes import texts
from conftest import RATE, near, speech_like

RUMBLE_HZ = [1.0, 3.0, 6.0, 10.0, 15.0, 20.0]
LOW = (
    "title: low\nabout: a tone that nobody hears\n"
    "components: [{kind: harmonics, source: made up, fundamental_hz: 8, levels_db: {1: 0, 20: -60}}]\n"
)


def rumble(seconds: float, frequency_hz: float, rate: int = RATE) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate)) / rate + 1.1)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_the_filter_is_what_it_says(rate):
    """Single tones, away from the ends: 80 dB down to 20 Hz, 6 dB at 30, level from 40 Hz on, nothing is late."""
    t = np.arange(4 * rate) / rate
    middle = slice(rate, 3 * rate)
    for frequency_hz, expected_db, tolerance_db in ((30, -6.0, 0.1), (40, 0, 0.01), (50, 0, 0.01), (1000, 0, 0.01)):
        tone = np.sin(2 * np.pi * frequency_hz * t)
        heard = without_infrasound(tone, rate)
        assert near(heard[middle], 10 ** (expected_db / 20) * tone[middle], tolerance_db / 5)
    for frequency_hz in (0.0, *RUMBLE_HZ):
        heard = without_infrasound(np.cos(2 * np.pi * frequency_hz * t), rate)
        assert np.abs(heard[middle]).max() < 1.2e-4


@settings(max_examples=30, deadline=None)
@given(samples=st.integers(1, 3000), offset=st.floats(-0.5, 0.5))
def test_any_length(samples, offset):
    heard = without_infrasound(np.full(samples, offset), RATE)
    assert heard.shape == (samples,)
    assert np.abs(heard).max() < 1e-9


@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("frequency_hz", RUMBLE_HZ[:-1])
def test_rumble_does_not_move_the_level_of_speech(seconds, frequency_hz):
    speech = np.pad(0.2 * speech_like(seconds), RATE // 10)
    swaying = speech + rumble(speech.size / RATE, frequency_hz)
    alone, level = p56_dbov(speech, RATE), p56_dbov(without_infrasound(swaying, RATE), RATE)
    # 30 dB of rumble above the speech: of 15 Hz a little is heard for 0.1 s where they are cut off.
    assert p56_dbov(swaying, RATE) > alone + 25
    assert level == pytest.approx(alone, abs=0.3 if frequency_hz <= 10 else 0.3 + 2.5 / seconds)


def test_rumble_changes_nothing_of_an_item(stocked):
    """Levels in dB SPL, SNR and activity of the same utterances, with and without 6 Hz under one of them."""
    noise = "{noise: {pink: [{kind: coloured_noise, colour: pink, level_dba: 55}]}}"
    recipe = stocked.recipe(factors=noise, speech="{effort: normal, distance_m: 0.5}")
    before = augment.render_utterance(augment.plan(recipe), "north_1")["pink"].measured
    path = stocked.folder / "audio" / "north_1.wav"
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples + rumble(samples.size / rate, 6.0), rate, subtype="FLOAT")
    plan = augment.plan(recipe)
    after = augment.render_utterance(plan, "north_1")["pink"].measured
    for column in ("snr_db", "speech_level_dbspl", "speech_level_dbov", "noise_level_dba"):
        assert after[column] == pytest.approx(before[column], abs=0.2), column
    assert after["speech_activity"] == pytest.approx(before["speech_activity"], abs=0.02)
    (told,) = [note for note in texts(plan.notes) if "infrasound" in note]
    assert "1 utterances hold infrasound (below 20 Hz, or not far above)" in told


def test_the_audit_tells_which_group_is_touched(stocked):
    for index in range(5):
        path = stocked.folder / "audio" / f"south_{index}.wav"
        samples, rate = soundfile.read(path)
        soundfile.write(path, samples + rumble(samples.size / rate, 8.0), rate, subtype="FLOAT")
    warnings = augment.audit(stocked.folder / "corpus.jsonl", by=["accent"]).warnings
    (told,) = [warning for warning in texts(warnings) if "infra" in warning]
    assert "groups differ in infrasound" in told
    assert "North: 0.0 dB" in told


@pytest.mark.parametrize("level", ["snr_db: 10", "level_dba: 55"])
def test_noise_that_is_infrasound_is_refused_however_its_level_is_given(stocked, level):
    stocked.noise("low.wav", rumble(4.0, 7.0) + 1e-4 * np.random.default_rng(1).standard_normal(4 * RATE))
    (stocked.folder / "low.yaml").write_text(LOW)
    recording = f"{{noise: {{it: [{{kind: background_noise, source: noise/low.wav, {level}}}]}}}}"
    with pytest.raises(ProfileError, match=r"low\.wav: less than 0\.1 % of its power lies above 20 Hz"):
        augment.plan(stocked.recipe(factors=recording, speech="{effort: normal}"))
    machine = f"{{noise: {{it: [{{kind: equipment_noise, profile: low.yaml, {level}}}]}}}}"
    for snr in ("", "{band_hz: full}"):
        with pytest.raises(DesignError, match=r"low\.yaml: less than 0\.1 % of its power lies above 20 Hz"):
            augment.plan(stocked.recipe(factors=machine, speech="{effort: normal}", snr=snr))


def test_noise_above_half_the_sample_rate_is_refused_as_such(stocked):
    step = "[{kind: equipment_noise, profile: mains_hum_50, snr_db: 5, fundamental_hz: 9000}]"
    with pytest.raises(DesignError, match="all of it lies above 8000 Hz, half the sample rate of the set"):
        augment.plan(stocked.recipe(factors=f"{{noise: {{high: {step}}}}}"))


@pytest.mark.parametrize(("frequency_hz", "amplitude", "is_told"), [(50, 0.4, True), (60, 0.1, True), (50, 0.0, False)])
def test_a_hum_that_sets_the_level_is_told(stocked, frequency_hz, amplitude, is_told):
    """It is sound, and stays; but what counts as the talker's level is the hum's, and the audit names the group."""
    for index in range(5):
        path = stocked.folder / "audio" / f"south_{index}.wav"
        samples, rate = soundfile.read(path)
        hum = amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(samples.size) / rate)
        soundfile.write(path, samples + hum, rate, subtype="FLOAT")
    warnings = texts(augment.audit(stocked.folder / "corpus.jsonl", by=["accent"]).warnings)
    assert any("groups differ in hum" in told and "South" in told for told in warnings) == is_told
    notes = texts(augment.plan(stocked.recipe()).notes)
    assert any("utterances would be 3 dB softer" in told for told in notes) == is_told


def test_a_hum_is_no_infrasound():
    """The lowest line of mains stays as it is."""
    phase = 2 * np.pi * 50 * np.arange(4 * RATE) / RATE
    hum = np.sin(phase) + 0.5 * np.sin(2 * phase + 1)
    assert near(without_infrasound(hum, RATE)[RATE:-RATE], hum[RATE:-RATE], 1e-3)
