"""Levels in dB SPL: talkers and noises as loud as the recipe says, measured on the stems with meters of the tests."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

import augment
from acceptance.outside import p56_dbov, rms_dbov, weighted
from augment.errors import RenderError
from augment.perturb.noise.equipment_noise import EquipmentNoise
from conftest import RATE

EFFORTS = {"normal": 62.35, "raised": 68.34, "loud": 74.85, "shouted": 82.30}  # ANSI S3.5-1997, at 1 m


def rendered(workshop, noise: str, speech: str, room: str = "[]", device: str = "[]"):
    factors = f"{{room: {{it: {room}}}, noise: {{it: {noise}}}, device: {{it: {device}}}}}"
    plan = augment.plan(workshop.recipe(factors=factors, speech=speech, balance="{by: [accent], utterances: 2}"))
    return [augment.render_utterance(plan, utterance)["it__it__it"] for utterance in plan.items["utterance"].unique()]


def dba(item, stem) -> float:
    """A-weighted sound pressure level of a stem, by the level that the row gives to the speech."""
    scene = item.at_microphone
    scale = item.measured["speech_level_dbspl"] - p56_dbov(scene.speech.signal(), RATE)
    heard = weighted(stem.signal(), RATE, a_weighting=True)
    return rms_dbov(heard if stem.active is None else heard[stem.active]) + scale


@pytest.mark.parametrize(("effort", "metres"), [("normal", 1.0), ("raised", 0.5), ("shouted", 4.0)])
def test_speech_is_as_loud_as_its_effort_and_distance(stocked, effort, metres):
    for item in rendered(stocked, "[]", f"{{effort: {effort}, distance_m: {metres}}}"):
        expected = EFFORTS[effort] - 20 * np.log10(metres)
        assert item.measured["speech_level_dbspl"] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("at_m", "distance_m", "expected"), [(1, 1, 60), (1, 2, 53.98), (0.3, 3, 40), (1, None, 60)])
def test_steady_equipment_falls_by_6_db_with_twice_the_distance(stocked, at_m, distance_m, expected):
    far = "" if distance_m is None else f", distance_m: {distance_m}"
    noise = f"[{{kind: equipment_noise, profile: mains_hum_50, level_dba: 60, at_m: {at_m}{far}}}]"
    for item in rendered(stocked, noise, "{effort: normal}"):
        assert dba(item, item.at_microphone.noises[0]) == pytest.approx(expected, abs=0.3)
        assert item.measured["noise_level_dba"] == pytest.approx(expected, abs=0.3)
        assert item.measured["noise_level_by"] == "dba, free field"
        assert item.measured["noise_snr_requested_db"] is None


@pytest.mark.parametrize(
    "noise", ["background_noise, source: noise/street", "babble, talkers: 1", "coloured_noise, colour: pink"]
)
def test_noises_without_a_place_are_that_loud_at_the_microphone(stocked, noise):
    rows = [json.loads(line) for line in (stocked.folder / "corpus.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        row["speaker"] = f"speaker {number}"
    stocked.manifest(rows)
    for item in rendered(stocked, f"[{{kind: {noise}, level_dba: 55}}]", "{effort: normal}"):
        assert dba(item, item.at_microphone.noises[0]) == pytest.approx(55, abs=0.1)


def test_a_room_on_its_curve_is_as_loud_as_the_curve(stocked):
    """NC 40 is 48.8 dB(A) by the table: the power sum of its A-weighted octaves."""
    for item in rendered(stocked, "[{kind: room_noise, nc: 40}]", "{effort: normal}"):
        assert dba(item, item.at_microphone.noises[0]) == pytest.approx(48.8, abs=0.6)


def test_a_machine_is_not_turned_up_where_it_happens_to_be_softer(stocked):
    """Two machines at one level in dB(A): the gain of each is the same in every block, at every sample rate."""
    gains = []
    for rate in (8000, 16000):
        plan = augment.plan(
            stocked.recipe(
                factors="{noise: {it: [{kind: equipment_noise, profile: dental_scaler, level_dba: 60}]}}",
                speech="{effort: normal}",
                output=f"{{sample_rate_hz: {rate}}}",
                snr="{band_hz: [300, 3400]}",
            )
        )
        for utterance in plan.items["utterance"].unique():
            scene = augment.render_utterance(plan, utterance)["it"].at_microphone
            gains.append(20 * np.log10(scene.noises[0].gain) + scene.full_scale_dbspl)
    assert np.ptp(gains) < 1e-6


@pytest.fixture
def hall(stocked):
    """An impulse response of known gain: 0.25 for the direct sound, so 4 m away, and one reflection."""
    taps = np.zeros(RATE // 2)
    taps[400], taps[1600] = 0.25, 0.1
    decay = 10 ** (-3 * np.arange(6000) / 4000)
    taps[1601:7601] += 0.01 * np.random.default_rng(1).standard_normal(6000) * decay
    (stocked.folder / "ir").mkdir()
    soundfile.write(stocked.folder / "ir" / "hall.wav", taps, RATE, subtype="FLOAT")
    return stocked


@pytest.mark.parametrize("said", ["", ", distance_m: 4"])
def test_a_measured_room_that_keeps_its_gain_counts_the_distance_once(hall, said):
    room = f"[{{kind: measured_room, source: ir/hall.wav, keep_gain: true{said}}}]"
    (kept, *_), (dry, *_) = (rendered(hall, "[]", "{effort: normal, distance_m: 0.5}", r) for r in (room, "[]"))
    direct = EFFORTS["normal"] - 20 * np.log10(4)
    assert dry.measured["speech_level_dbspl"] == pytest.approx(EFFORTS["normal"] + 6.02, abs=0.05)
    assert direct - 0.5 < kept.measured["speech_level_dbspl"] < direct + 2.5  # the reflections add to it


def test_a_simulated_room_is_louder_than_the_free_field_and_softer_far_away(stocked):
    levels = [
        np.mean([item.measured["speech_level_dbspl"] for item in rendered(stocked, "[]", "{effort: normal}", room)])
        for room in ("[]", *(f"[{{kind: simulated_room, profile: meeting_room, distance_m: {d}}}]" for d in (1, 2)))
    ]
    free, near, far = levels
    assert free == pytest.approx(EFFORTS["normal"], abs=0.05)
    assert 0 < near - free < 6  # critical distance 0.8 m: about as much reverberation as direct sound
    assert 0.5 < near - far < 5  # less than the 6 dB of the free field


def test_a_level_without_the_talkers_is_refused(stocked):
    from augment.errors import RecipeError

    factors = "{noise: {it: [{kind: equipment_noise, profile: mri_epi, level_dba: 60}]}}"
    with pytest.raises(RecipeError, match=r"effort: normal, distance_m: 0\.5"):
        augment.load_recipe(stocked.recipe(factors=factors))


def test_another_talker_is_another_item(stocked):
    """Rows tell how loud the talker is: they must not be kept when that changes."""
    keys = []
    for speech in ("{effort: normal, distance_m: 0.3}", "{effort: shouted, distance_m: 3}", ""):
        keys.append(set(augment.plan(stocked.recipe(speech=speech)).items["key"]))
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]


def test_hum_of_the_line_has_no_sound_pressure(stocked):
    device = "[{kind: self_noise, ein_dba: 33}, {kind: line_noise, profile: mains_hum_50, snr_db: 30}]"
    for item in rendered(stocked, "[]", "{effort: normal}", device=device):
        assert item.measured["noise_level_dba"] == pytest.approx(33, abs=0.5)
        assert item.measured["noise2_level_dba"] is None
        assert item.measured["noise2_snr_db"] == pytest.approx(30, abs=0.001)
        assert item.measured["snr_db"] is None


def test_a_source_without_a_level_of_its_own_is_told():
    step = EquipmentNoise(kind="equipment_noise", profile="mri_epi", level_dba=70, level_at="source")
    scene, draw = SimpleNamespace(full_scale_dbspl=-100.0), SimpleNamespace(step="noise/a/equipment_noise")
    noise = SimpleNamespace(name="hum", own_dba=None, loudness=None)
    with pytest.raises(RenderError, match="noise/a/equipment_noise: 'hum' does not say how loud it is by itself"):
        step._to_level(scene, draw, noise, False, None)
