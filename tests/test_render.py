"""Promise 1: the label is true. Levels and SNR measured on the stems by code of the tests."""

import numpy as np
import polars
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import augment
from acceptance.outside import p56_dbov, rms_dbov, weighted
from augment.acoustics.levels import speech_level
from augment.api import stems
from augment.errors import DesignError
from augment.scene import FULL_BAND, NoiseRequest, Scene, Shelf, Stem, Track, Weighting
from conftest import RATE, gcc_lag, speech_like
from forgery import Forger


def snr(speech, noise):
    heard, added = (weighted(part, RATE, 100.0, 7000.0) for part in (speech, noise))
    return p56_dbov(heard, RATE) - rms_dbov(added)


@pytest.fixture
def plan(stocked):
    return augment.plan(stocked.folder / "recipe.yaml")


def test_labels_are_true(plan):
    for utterance in plan.items["utterance"].unique():
        items = augment.render_utterance(plan, utterance)
        control = stems(items["quiet__studio"])["speech"]
        for item in items.values():
            measured, parts = item.measured, stems(item)
            assert speech_level(parts["speech"], RATE).active_level_dbov == pytest.approx(-26, abs=0.01)
            assert measured["speech_level_dbov"] == pytest.approx(-26, abs=0.01)
            assert item.pcm.size == control.size
            assert measured["clipped_samples"] == 0
            assert np.abs(item.pcm / 32768 - sum(parts.values())).max() <= 0.5 / 32768 + 1e-12
            assert abs(gcc_lag(control, parts["speech"])) <= 2
            if "noise" in parts:
                scene = item.at_microphone
                found = snr(scene.speech.signal(), scene.noises[0].signal())
                assert found == pytest.approx(measured["snr_requested_db"], abs=0.1)
                assert measured["snr_db"] == pytest.approx(measured["snr_requested_db"], abs=0.001)
                assert snr(parts["speech"], parts["noise"]) == pytest.approx(measured["snr_delivered_db"], abs=0.1)
            else:
                assert measured["snr_db"] is None


def test_snrs_of_a_sweep_share_their_noise(plan):
    items = augment.render_utterance(plan, plan.items["utterance"][0])
    soft, loud = (stems(items[f"street_{n}db__studio"])["noise"] for n in (20, 0))
    assert loud == pytest.approx(soft * 10, rel=1e-9)


def test_matched_utterances_hear_the_same_noise(plan):
    block = plan.items.filter((plan.items["block"] == 2) & (plan.items["condition"] == "scanner__studio"))
    one, other = (stems(augment.render_utterance(plan, u)["scanner__studio"])["noise"] for u in block["utterance"])
    shared = min(one.size, other.size)
    assert np.corrcoef(one[:shared], other[:shared])[0, 1] > 0.999999


def test_different_blocks_hear_different_noise(plan):
    rows = plan.items.filter(plan.items["condition"] == "scanner__studio").unique("block")
    heard = [stems(augment.render_utterance(plan, u)["scanner__studio"])["noise"][:RATE] for u in rows["utterance"]]
    for i, one in enumerate(heard):
        assert all(abs(np.corrcoef(one, other)[0, 1]) < 0.9 for other in heard[i + 1 :])


def test_one_condition_alone_is_the_same_as_in_the_tree(plan):
    from augment.testset.portions import job_of, utterance_of
    from augment.testset.shard import render_utterance

    utterance = plan.items["utterance"][3]
    together = augment.render_utterance(plan, utterance)
    job = job_of(plan.loaded, plan.conditions)
    for row in plan.items.filter(plan.items["utterance"] == utterance).rows(named=True):
        (alone,) = render_utterance(job, utterance_of([row], plan.corpus.manifest.parent))
        assert np.array_equal(alone.pcm, together[row["condition"]].pcm)
        assert alone.measured == together[row["condition"]].measured


def test_the_shelf_counts_what_it_holds():
    shelf = Shelf(20 * 2**20)
    speech, noise = (Track(np.random.default_rng(seed).standard_normal(2**19), RATE, shelf) for seed in (1, 2))
    for gain in range(1, 30):
        scene = Scene(Stem(speech), (Stem(noise, float(gain)),), RATE, Weighting())
        assert scene.mixed_down().mixture_stem.track.nbytes == 2**22
    assert len(shelf._kept) == 5  # of 4 MB each


def test_a_sound_of_many_minutes_gives_what_a_short_one_does(plan, stocked, monkeypatch):
    """Arrays are not kept, conditions come in another order, and parts are mixed apart, of which one would clip."""
    knocks = 1e-3 * np.random.default_rng(1).standard_normal(4 * RATE)
    knocks[5000] = 0.9
    stocked.noise("knock.wav", knocks)
    factors = "{noise: {quiet: [], knock: [{kind: background_noise, source: noise/knock.wav, snr_db: -5}]}}"
    clipping = augment.plan(stocked.recipe(factors=factors))

    def rendered():
        return {
            **augment.render_utterance(plan, plan.items["utterance"][0]),
            **augment.render_utterance(clipping, clipping.items["utterance"][0]),
        }

    kept = rendered()
    for module in (augment.render, augment.scene.track):
        monkeypatch.setattr(module, "LONGEST_KEPT", 1000)
    long = rendered()
    assert list(long) == list(kept)
    assert long["knock"].measured["headroom_gain_db"] < 0
    for name, item in kept.items():
        assert np.array_equal(long[name].pcm, item.pcm)
        assert long[name].measured == item.measured


def test_silence_behind_an_utterance_moves_its_snr_by_the_hangover_at_most(stocked):
    """A level taken over the silence too would move by decibels. The noise is steady, the speech ends in a pause."""
    rng = np.random.default_rng(1)
    stocked.noise("steady.wav", 0.1 * rng.standard_normal(20 * RATE))
    speech = np.pad(speech_like(4, 3), (0, RATE // 5))
    for name, samples in (("plain", speech), ("padded", np.pad(speech, (0, 4 * RATE)))):
        soundfile.write(stocked.folder / "audio" / f"{name}.wav", samples, RATE, subtype="PCM_16")
        stocked.manifest(
            [{"id": name, "audio_filepath": f"audio/{name}.wav", "text": "x", "accent": "N"}], f"{name}.jsonl"
        )
    gaps = []
    for name in ("plain", "padded"):
        factors = "{noise: {steady: [{kind: background_noise, source: noise/steady.wav, snr_db: 10}]}}"
        recipe = stocked.recipe(corpus=f"{{path: {name}.jsonl}}", factors=factors)
        parts = stems(augment.render_utterance(augment.plan(recipe), name)["steady"])
        gaps.append(snr(parts["speech"][: speech.size], parts["noise"][: speech.size]))
    assert gaps[0] == pytest.approx(10, abs=0.1)
    assert abs(gaps[1] - gaps[0]) <= 0.25


def test_a_mix_that_would_clip_is_scaled_as_a_whole(stocked):
    rng = np.random.default_rng(1)
    knocks = 1e-3 * rng.standard_normal(4 * RATE)
    knocks[::3000] = 0.9
    stocked.noise("knocks.wav", knocks)
    factors = "{noise: {quiet: [], knocks: [{kind: background_noise, source: noise/knocks.wav, snr_db: -10}]}}"
    plan = augment.plan(stocked.recipe(factors=factors))
    item = augment.render_utterance(plan, plan.items["utterance"][0])["knocks"]
    assert item.measured["headroom_gain_db"] < -3
    assert item.measured["clipped_samples"] == 0
    assert np.abs(item.pcm).max() == pytest.approx(0.99 * 32768, abs=1)
    assert item.measured["speech_level_dbov"] == pytest.approx(-26 + item.measured["headroom_gain_db"], abs=0.05)
    assert item.measured["snr_delivered_db"] == pytest.approx(-10, abs=0.05)


def test_loudness_is_that_of_the_file_behind_a_coarse_converter(stocked, tmp_path):
    """Its steps are 327.68 of the file's, and all of them are rounded up: no noise, but a gain of 0.008 dB."""
    steps = "[{kind: adc, bits: 16, full_scale_dbov: -40}]"
    augment.build(augment.plan(stocked.recipe(factors=f"{{it: {{plain: [], converted: {steps}}}}}")), tmp_path / "set")
    verdict = augment.verify(tmp_path / "set", sample=0)
    assert verdict.sound, verdict.deviations
    assert all(row["loudness_lufs"] is not None for row in augment.open(tmp_path / "set").frame.rows(named=True))


def test_gated_noise_is_measured_while_it_is_on(stocked):
    (stocked.folder / "beeps.yaml").write_text(
        "title: beeps\nabout: beeps of a third of the time\ncomponents:\n"
        "  - {kind: harmonics, source: test, fundamental_hz: 960, levels_db: {1: 0}, bursts: {on_s: 0.1, off_s: 0.2}}\n"
    )
    factors = "{noise: {beeps: [{kind: equipment_noise, profile: beeps.yaml, snr_db: 10}]}}"
    plan = augment.plan(stocked.recipe(factors=factors))
    item = augment.render_utterance(plan, plan.items["utterance"][0])["beeps"]
    share = item.measured["noise_active_share"]
    assert 0.25 < share < 0.5
    whole = snr(item.at_microphone.speech.signal(), item.at_microphone.noises[0].signal())
    assert whole == pytest.approx(10 - 10 * np.log10(share), abs=0.2)
    assert item.measured["snr_db"] == pytest.approx(10, abs=0.001)


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_noises_that_come_and_go_have_a_power_together_that_powers_can_have(seed, several):
    """Signals that may be one another's mirror image, each on for a time of its own, however short both are on."""
    rng, samples, shelf = np.random.default_rng(seed), 4000, Shelf()
    one = rng.standard_normal(samples) * rng.uniform(0.01, 3.0, samples // 500).repeat(500)
    scene, whole, amplitudes = Scene(Stem.of(one, RATE), (), RATE, FULL_BAND), np.zeros(samples), []
    for number in range(several):
        begin, end = np.sort(rng.choice(samples + 1, 2, replace=False))
        on = (np.arange(samples) >= begin) & (np.arange(samples) < end)
        sound = rng.choice([-1.0, 1.0]) * one + rng.choice([0.0, 0.1]) * rng.standard_normal(samples)
        request = NoiseRequest(f"n/n/{number}", "n", level_by="device")
        scene = scene.with_noise(Track(np.where(on, sound, 0.0), RATE, shelf, on), request, float(rng.uniform(-9, 9)))
        part = scene.noises[-1].gain * np.where(on, sound, 0.0) * np.sqrt(samples / on.sum())
        whole += part
        amplitudes.append(np.sqrt(np.mean(part**2)))
    found, largest = scene.noise_power(FULL_BAND), max(amplitudes)
    assert found == pytest.approx(np.mean(whole**2), abs=1e-9 * sum(amplitudes) ** 2)
    least = max(0.0, 2 * largest - sum(amplitudes)) ** 2
    assert least - 1e-9 <= found <= sum(amplitudes) ** 2 + 1e-9


def test_two_machines_that_come_and_go_are_verified_with_what_their_rows_say(stocked):
    hum = "kind: harmonics, source: heard, fundamental_hz: 150, levels_db: {1: 0}"
    for name, on_s, off_s in (("knack", 0.12, 0.31), ("klick", 0.15, 0.4)):
        part = f"{{{hum}, bursts: {{on_s: {on_s}, off_s: {off_s}}}}}"
        (stocked.folder / f"{name}.yaml").write_text(f"title: compressor\nabout: a hum\ncomponents: [{part}]\n")
    steps = ", ".join(f"{{kind: equipment_noise, profile: {name}.yaml, snr_db: 5}}" for name in ("knack", "klick"))
    device = "{studio: [], handset: [{kind: microphone, profile: itu_p48_handset}]}"
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{quiet: [], both: [{steps}]}}, device: {device}}}"))
    built = augment.build(plan, stocked.folder / "set").folder
    rows = augment.open(built).frame.filter(polars.col("condition") == "both__studio")
    assert rows["snr_db"].null_count() == 0
    assert rows["noise_active_share"].max() < 0.6
    for sample in (0, "all"):
        verdict = augment.verify(built, sample=sample)
        assert verdict.sound, verdict.deviations
    forger = Forger(built)
    noise = forger.pcm("both__studio") - forger.pcm("quiet__studio")
    forger.put("both__studio", forger.pcm("quiet__studio") + 4 * noise)
    forger.cover()
    told = str(augment.verify(built, sample=0).deviations)
    assert "what its row says of each noise makes" in told


def test_two_noises_are_each_at_their_snr_and_add_up(stocked):
    factors = (
        "{noise: {both: [{kind: equipment_noise, profile: nc40_room, snr_db: 10},"
        " {kind: equipment_noise, profile: mri_epi, snr_db: 10}]}}"
    )
    plan = augment.plan(stocked.recipe(factors=factors))
    item = augment.render_utterance(plan, plan.items["utterance"][0])["both"]
    assert item.measured["noise_snr_db"] == pytest.approx(10, abs=0.001)
    assert item.measured["noise2_snr_db"] == pytest.approx(10, abs=0.001)
    assert item.measured["snr_requested_db"] == pytest.approx(10 - 3.01, abs=0.01)
    assert item.measured["snr_db"] == pytest.approx(10 - 3.01, abs=0.01)


def test_noise_outside_the_band_is_refused_not_boosted(stocked):
    (stocked.folder / "low.yaml").write_text(
        "title: low\nabout: a tone below the band\ncomponents:\n"
        "  - {kind: harmonics, source: test, fundamental_hz: 31, levels_db: {1: 0}}\n"
    )
    factors = "{noise: {low: [{kind: equipment_noise, profile: low.yaml, snr_db: 10}]}}"
    with pytest.raises(DesignError, match="of its power lies in 100-7000 Hz"):
        augment.plan(stocked.recipe(factors=factors))
    full = augment.plan(stocked.recipe(factors=factors, snr="{band_hz: full}"))
    item = augment.render_utterance(full, full.items["utterance"][0])["low"]
    assert item.measured["snr_full_band_db"] == pytest.approx(10, abs=0.001)


@pytest.mark.parametrize("weighting", ["none", "A"])
def test_the_definition_of_snr_is_the_recipes(stocked, weighting):
    factors = "{noise: {hum: [{kind: equipment_noise, profile: mains_hum_50, snr_db: 10}]}}"
    plan = augment.plan(stocked.recipe(factors=factors, snr=f"{{band_hz: full, weighting: {weighting}}}"))
    measured = augment.render_utterance(plan, plan.items["utterance"][0])["hum"].measured
    at, other = (
        ("snr_full_band_db", "snr_a_weighted_db") if weighting == "none" else ("snr_a_weighted_db", "snr_full_band_db")
    )
    assert measured[at] == pytest.approx(10, abs=0.001)
    assert abs(measured[other] - 10) > 6  # hum is where the two differ most


BEEPS = "  - {kind: harmonics, source: test, fundamental_hz: 540, levels_db: {1: 0}, bursts: {on_s: 0.25, off_s: 1}}\n"


@pytest.mark.parametrize(
    "faint",
    [
        "",
        "  - {kind: octave_noise, source: test, octave_levels_db: {500: -60}}\n",
        "  - {kind: harmonics, source: test, fundamental_hz: 9000, levels_db: {1: 0}}\n",
    ],
    ids=["alone", "with a faint bed", "with a tone that the rate cannot hold"],
)
def test_a_part_that_nobody_hears_does_not_turn_a_pausing_noise_into_a_steady_one(stocked, faint):
    (stocked.folder / "p.yaml").write_text(f"title: beeps\nabout: beeps\ncomponents:\n{BEEPS}{faint}")
    plan = augment.plan(
        stocked.recipe(factors="{noise: {beeps: [{kind: equipment_noise, profile: p.yaml, snr_db: 10}]}}")
    )
    item = augment.render_utterance(plan, plan.items["utterance"][0])["beeps"]
    assert item.measured["noise_active_share"] < 0.6
    noise = item.at_microphone.noises[0]
    loud = 10 * np.log10(np.mean(noise.signal()[noise.active] ** 2))
    assert loud == pytest.approx(-36, abs=0.5)  # 10 dB under the speech while it sounds, whatever else is there


def test_knocks_inside_bursts_are_heard_in_every_item(stocked):
    from augment.profiles.library import Library
    from augment.streams import generator

    (stocked.folder / "p.yaml").write_text(
        "title: knocks\nabout: knocks\ncomponents:\n"
        "  - {kind: pulses, source: test, rate_hz: 2, level_db: 0, resonances: [{frequency_hz: 500, decay_s: 0.05}],\n"
        "     bursts: {on_s: 0.2, off_s: 4}}\n"
    )
    profile = Library(stocked.folder).noise_profile("p.yaml")
    for seed in range(200):
        noise, active = profile.render(RATE // 4, RATE, lambda name, s=seed: generator(s, name))
        assert active.any()
        assert np.sum(noise**2) > 0.01
