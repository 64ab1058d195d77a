"""Chains behind the mixture: conditions do not touch one another, and levels are what rows say."""

from collections import Counter

import numpy as np
import pytest
import soundfile

import augment
from augment.acoustics.levels import speech_level
from augment.errors import DesignError
from augment.testset.portions import job_of, utterance_of
from augment.testset.shard import render_utterance
from conftest import RATE

LOSSES = "{steps: [{kind: g711, law: a, mean_burst: 2}], sweep: {loss_percent: [0, 20, 50]}}"


def rendered(plan):
    return {u: augment.render_utterance(plan, u) for u in plan.items["utterance"].unique().sort()}


@pytest.mark.parametrize(
    "device",
    [
        f"{{g711: {LOSSES}}}",
        "{adc: {steps: [{kind: adc}], sweep: {bits: [8, 12], full_scale_dbov: [-20, -6]}}}",
        "{drive: {steps: [{kind: carbon}], sweep: {drive_db: [0, 6, 12]}}}",
        "{gain: {steps: [{kind: automatic_gain}], sweep: {max_gain_db: [0, 20], release_ms: [100, 2000]}}}",
        "{crush: [{kind: effect, transform: BitCrush, parameters: {bit_depth: 6}}], plain: []}",
        "{amr: {steps: [{kind: amr_nb}], sweep: {kbps: [4.75, 12.2], loss_percent: [5, 20]}}}",
    ],
)
def test_a_condition_alone_is_what_it_is_among_others(stocked, device):
    factors = f"{{noise: {{street: [{{kind: background_noise, source: noise/street, snr_db: 5}}]}}, device: {device}}}"
    plan = augment.plan(stocked.recipe(factors=factors, balance="{by: [accent], utterances: 1}"))
    job = job_of(plan.loaded, plan.conditions)
    seen = set()
    for utterance, items in rendered(plan).items():
        for row in plan.items.filter(plan.items["utterance"] == utterance).rows(named=True):
            (alone,) = render_utterance(job, utterance_of([row], plan.corpus.manifest.parent))
            assert np.array_equal(alone.pcm, items[row["condition"]].pcm), row["condition"]
            assert alone.measured == items[row["condition"]].measured
            seen.add((utterance, alone.pcm.tobytes()))
    assert len(seen) == plan.items.height  # every setting of a sweep sounds otherwise


def test_swept_curves_have_their_own_levels(stocked):
    factors = "{noise: {room: {steps: [{kind: room_noise}], sweep: {nc: [30, 40, 50]}}}}"
    plan = augment.plan(stocked.recipe(factors=factors, speech="{effort: normal}"))
    for items in rendered(plan).values():
        levels = [items[f"room_{nc}"].measured["noise_level_dba"] for nc in (30, 40, 50)]
        assert np.diff(levels) == pytest.approx([9.3, 9.3], abs=0.7)


@pytest.mark.parametrize(
    "steps",
    [
        "{kind: effect, transform: HighPassFilter, at: microphone, "
        "parameters: {cutoff_freq: 1000.0, rolloff: 12, zero_phase: true}}",
        "{kind: overload, aop_dbspl: 150}, {kind: microphone, profile: itu_p48_handset}",
        "{kind: overload, aop_dbspl: 150}, {kind: wind_filter, cutoff_hz: 500, order: 2}",
        "{kind: carbon}",
    ],
)
def test_what_colours_behind_the_mixture_makes_no_voice_softer(steps, tmp_path):
    """The demo's voices differ in spectrum, as speech-like noise does not."""
    demo = augment.load_recipe("demo")
    text = demo.text.replace("    handset: [{kind: microphone, profile: itu_p48_handset}]", f"    it: [{steps}]")
    text = text.replace("factors:", "speech: {effort: normal}\nfactors:")
    (tmp_path / "it.yaml").write_text(text.replace("utterances: 12, speakers: {min: 3}", "utterances: 2"))
    plan = augment.plan(augment.load_recipe(tmp_path / "it.yaml", base=demo.base))
    levels = [speech_level(items["quiet__it"].pcm / 32768, RATE).active_level_dbov for items in rendered(plan).values()]
    assert np.ptp(levels) < 0.6
    assert np.mean(levels) == pytest.approx(-26, abs=0.6)


def test_line_noise_behind_a_converter_has_its_snr_to_the_speech_there(stocked):
    steps = "{kind: adc, bits: 8, full_scale_dbov: -24}, {kind: line_noise, profile: ground_loop_50, snr_db: 20}"
    factors = f"{{noise: {{quiet: []}}, device: {{it: [{steps}]}}}}"
    plan = augment.plan(stocked.recipe(factors=factors, snr="{band_hz: full}"))
    for items in rendered(plan).values():
        item = items["quiet__it"]
        hum = item.delivered.noises[0].signal()
        speech = item.pcm / 32768 - hum * 10 ** (item.measured["headroom_gain_db"] / 20)
        found = speech_level(speech, RATE).active_level_dbov - 10 * np.log10(np.mean(hum**2))
        assert found == pytest.approx(20, abs=0.1)
        assert item.measured["snr_delivered_db"] is None  # nothing sounded where the stems were apart


def test_a_file_that_is_made_softer_behind_a_gain_control_does_not_move_what_went_in(stocked):
    steps = "{kind: automatic_gain, target_dbov: -6, max_gain_db: 60, attack_ms: 100}"
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{quiet: []}}, device: {{agc: [{steps}]}}}}"))
    softer = 0
    for items in rendered(plan).values():
        row = items["quiet__agc"].measured
        softer += row["headroom_gain_db"] < -1
        assert row["speech_level_at"].startswith("before device/agc")
        assert row["speech_level_dbov"] == pytest.approx(-26, abs=0.01)
        out = speech_level(items["quiet__agc"].pcm / 32768, RATE).active_level_dbov
        assert row["speech_level_out_dbov"] == pytest.approx(out, abs=0.05)
    assert softer
    verdict = augment.verify(augment.build(plan, stocked.folder / "set").folder, sample="all")
    assert verdict.sound, verdict.deviations


def test_a_soft_recording_is_found_behind_every_device(stocked):
    """It is brought to its level before a microphone takes more of it than of louder voices."""
    path = stocked.folder / "audio" / "north_0.wav"
    samples, rate = soundfile.read(path)
    level = speech_level(samples, rate).active_level_dbov
    soundfile.write(path, samples * 10 ** ((-73.0 - level) / 20), rate, subtype="DOUBLE")
    device = "{studio: [], handset: [{kind: microphone, profile: itu_p48_handset}]}"
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{quiet: []}}, device: {device}}}"))
    assert "north_0" in plan.items["utterance"]
    for item in augment.render_utterance(plan, "north_0").values():
        assert speech_level(item.pcm / 32768, RATE).active_level_dbov == pytest.approx(-26, abs=0.05)


def test_the_level_of_the_speech_behind_the_chain_is_told(stocked):
    factors = "{noise: {quiet: []}, device: {agc: [{kind: automatic_gain, target_dbov: -16}]}}"
    plan = augment.plan(stocked.recipe(factors=factors))
    for items in rendered(plan).values():
        item = items["quiet__agc"]
        out = speech_level(item.pcm / 32768, RATE).active_level_dbov
        assert item.measured["speech_level_out_dbov"] == pytest.approx(out, abs=0.05)
        assert item.measured["speech_level_dbov"] == pytest.approx(-26, abs=0.01)


def test_two_rooms_in_one_condition_are_refused(stocked):
    room = "[{kind: simulated_room, profile: exam_room, distance_m: 1}]"
    factors = f"{{one: {{a: {room}}}, two: {{b: {room}}}}}"
    with pytest.raises(DesignError, match="has two rooms"):
        augment.plan(stocked.recipe(factors=factors))


def test_two_noises_of_one_source_are_two_stretches(stocked):
    rng = np.random.default_rng(3)
    stocked.noise("long.wav", 0.1 * rng.standard_normal(12 * RATE))
    step = "{kind: background_noise, source: noise/long.wav, snr_db: 10}"
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{both: [{step}, {step}]}}}}", noise="{segment_s: 1}"))
    for items in rendered(plan).values():
        row = items["both"].measured
        assert row["noise_segment"] != row["noise2_segment"]
        assert row["snr_db"] == pytest.approx(10 - 3.01, abs=0.2)


def together_and_alone(plan, rows) -> list[tuple[float, float]]:
    """SNR of two noises together less that of the first alone: by the rows, and by the files themselves."""
    found = []
    for items in rows:
        quiet, one, both = (items[name] for name in ("quiet", "one", "both"))
        clean = quiet.pcm / 10 ** (quiet.measured["gain_db"] / 20)
        noise = [item.pcm / 10 ** (item.measured["gain_db"] / 20) - clean for item in (one, both)]
        told = both.measured["snr_full_band_db"] - one.measured["snr_full_band_db"]
        found.append((told, 10 * np.log10(np.mean(noise[0] ** 2) / np.mean(noise[1] ** 2))))
    return found


HUMS = {
    "hums": "{kind: equipment_noise, profile: transformer_50, snr_db: 5}",
    "one recording": "{kind: background_noise, source: noise/short.wav, snr_db: 5}",
}


@pytest.mark.parametrize("tied", HUMS)
def test_noises_that_are_tied_to_one_another_have_the_snr_that_the_files_have(stocked, tied):
    """Lines of one mains, or one stretch of a recording twice: their powers do not add."""
    stocked.noise("short.wav", 0.1 * np.random.default_rng(4).standard_normal(4 * RATE))
    step = HUMS[tied]
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{quiet: [], one: [{step}], both: [{step}, {step}]}}}}"))
    pairs = together_and_alone(plan, rendered(plan).values())
    assert all(told == pytest.approx(heard, abs=0.02) for told, heard in pairs)
    if tied == "one recording":
        assert all(told == pytest.approx(-6.02, abs=0.01) for told, _ in pairs), "twice the amplitude"
        assert any("plays a stretch of noise/short.wav that another step beside it plays" in n.text for n in plan.notes)
    else:
        assert max(abs(told + 3.01) for told, _ in pairs) > 0.3, "by the phase that a block draws"
    assert augment.verify(augment.build(plan, stocked.folder / "set").folder, sample="all").sound


def test_noises_of_two_factors_are_two_stretches_of_one_source(stocked):
    """Each is dealt by itself, but what is heard together is never the same; each segment comes equally often."""
    stocked.noise("long.wav", 0.1 * np.random.default_rng(3).standard_normal(5 * RATE))
    step = "[{kind: background_noise, source: noise/long.wav, snr_db: 10}]"
    factors = f"{{one: {{none: [], a: {step}}}, two: {{none: [], b: {step}}}}}"
    plan = augment.plan(stocked.recipe(factors=factors, noise="{segment_s: 1}"))
    one, two = (plan.exposures[name].dealt for name in sorted(plan.exposures))
    assert set(one) == set(two)
    assert all(one[block].label != two[block].label for block in one)
    assert not any("another step beside it" in note.text for note in plan.notes)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("segments", "utterances"), [(8, 8), (6, 24), (2, 9)])
def test_stretches_that_change_blocks_come_as_often_as_before(workshop, seed, segments, utterances):
    """None is heard a second time before all have been, also where two steps must not play the same at once."""
    workshop.corpus({"North": utterances, "South": utterances}, seconds=0.3)
    workshop.noise("long.wav", 0.1 * np.random.default_rng(3).standard_normal(segments * RATE))
    step = "[{kind: background_noise, source: noise/long.wav, snr_db: 10}]"
    factors = f"{{one: {{none: [], a: {step}}}, two: {{none: [], b: {step}}}}}"
    balance = "{by: [accent], utterances: max}"
    recipe = workshop.recipe(factors=factors, noise="{segment_s: 1}", balance=balance, seed=str(seed))
    plan = augment.plan(recipe)
    one, two = (plan.exposures[name].dealt for name in sorted(plan.exposures))
    assert all(one[block].label != two[block].label for block in one)
    for dealt in (one, two):
        counts = Counter(each.label for each in dealt.values())
        assert len(counts) == segments
        assert max(counts.values()) - min(counts.values()) <= 1


def test_channels_of_a_recording_are_several_noises(stocked):
    rng = np.random.default_rng(3)
    stocked.noise("stereo.wav", 0.1 * rng.standard_normal((4 * RATE, 2)))
    left, right = (f"{{kind: background_noise, source: noise/stereo.wav, snr_db: 5, channel: {n}}}" for n in (0, 1))
    plan = augment.plan(stocked.recipe(factors=f"{{noise: {{both: [{left}, {right}], twice: [{left}, {left}]}}}}"))
    doubled = [note.text for note in plan.notes if "another step beside it" in note.text]
    assert all("noise/twice" in text for text in doubled)
    assert doubled
