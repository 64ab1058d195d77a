"""Every noise, device, room and step on real recordings: what each of them does, without a set being built.

Run with ``pytest -m real``; the recordings lie beside the project and are no part of it.
"""

import json
from collections import defaultdict

import numpy as np
import pytest

import augment
from acceptance.chain import cut_levels
from acceptance.outside import weighted
from augment.acoustics.convolution import convolve
from augment.acoustics.filters import minimum_phase_fir, speech_delay_samples
from augment.acoustics.levels import speech_level
from augment.acoustics.resample import resample
from augment.api import stems
from augment.corpus.speech import read_speech
from augment.profiles.library import Library
from augment.profiles.recording import read_samples
from conftest import PACK, PACK_CORPUS, RATE, gcc_lag

pytestmark = pytest.mark.real


def test_padding_real_utterances_moves_their_snr_by_the_hangover(linked_pack):
    """4 s of silence behind an utterance that ends in a natural pause move its label by at most 0.25 dB.

    The VCTK sentences do. Digits that are cut out tightly move by more, which the planner tells (see the note on how
    tightly recordings are cut).
    """
    moved = defaultdict(list)
    for line in (PACK / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        speech = weighted(read_speech(PACK / row["audio"], None, None, RATE).samples, RATE, 100.0, 7000.0)
        plain = speech_level(speech, RATE).active_level_dbov
        padded = speech_level(np.pad(speech, (0, 4 * RATE)), RATE).active_level_dbov
        moved[row["corpus"]].append(plain - padded)
    for corpus, values in moved.items():
        beyond = sum(value > 0.25 for value in values)
        shown = f"median {np.median(values):.3f} dB, at most {max(values):.3f} dB, beyond 0.25 dB: {beyond}"
        print(f"\n{corpus}, {len(values)} utterances: {shown}")
    assert len(moved["CSTR VCTK"]) == 46
    assert max(moved["CSTR VCTK"]) <= 0.25
    assert min(min(values) for values in moved.values()) > -0.05  # silence never makes speech louder


@pytest.mark.parametrize(
    ("profile", "beyond_two_samples"),
    [("phone_android", 0.0), ("itu_p830_handset", 0.0), ("itu_p48_handset", 0.06)],
)
def test_lag_of_the_bundled_devices_on_all_speech(profile, beyond_two_samples):
    """At most 2 samples against what went in, on all 459 utterances; but for the steep P.48 handset.

    Its minimum phase leads at 400-500 Hz by up to 0.4 ms, which is no delay that could be taken out: words whose power
    lies there ("one", "four" of low voices) come out early by it. All else of them stays within 2 samples too.
    """
    taps = minimum_phase_fir(*Library(PACK).microphone(profile).table(), RATE)
    advance = max(0, round(speech_delay_samples(taps, RATE)))
    lags = []
    for line in (PACK / "manifest.jsonl").read_text().splitlines():
        speech = read_speech(PACK / json.loads(line)["audio"], None, None, RATE).samples
        lags.append(abs(gcc_lag(speech, convolve(speech, taps, advance))))
    beyond = np.mean(np.array(lags) > 2)
    print(f"\n{profile}: largest lag {max(lags)} samples, beyond 2 samples {beyond:.1%} of {len(lags)} utterances")
    assert beyond <= beyond_two_samples
    assert max(lags) <= 8  # 0.5 ms


def test_every_noise_and_microphone_passes(linked_pack):
    settings = [
        f"n{i}: [{{kind: background_noise, source: '{path.relative_to(PACK)}', snr_db: 5}}]"
        for i, path in enumerate(sorted((PACK / "noise").rglob("*.*")))
    ]
    devices = [
        f"m{i}: [{{kind: microphone, profile: '{path.relative_to(PACK)}'}}]"
        for i, path in enumerate(sorted((PACK / "ir").glob("[hm]*/*.wav")))
    ]
    assert (len(settings), len(devices)) == (11, 33)
    (linked_pack / "all.yaml").write_text(
        f"name: all\ncorpus: {{{PACK_CORPUS}, keep: {{accent: [English, German]}}}}\n"
        "balance: {by: [accent], utterances: 1}\nfactors:\n"
        f"  noise: {{{', '.join(settings)}}}\n  device: {{{', '.join(devices)}}}\n"
    )
    plan = augment.plan(linked_pack / "all.yaml")
    worst = 0.0
    for utterance in plan.items["utterance"].unique():
        items = augment.render_utterance(plan, utterance)
        for name, item in items.items():
            assert item.measured["clipped_samples"] == 0
            assert item.measured["snr_db"] == pytest.approx(5, abs=0.01)
            if name.startswith("n0__"):  # a device does the same to the speech beside every noise
                speech = item.at_microphone.speech.signal()
                worst = max(worst, abs(gcc_lag(speech, stems(item)["speech"])))
    print(f"\n{plan.items.height} items, largest lag {worst} samples")
    assert worst <= 2


EFFECTS = {
    "studio": [],
    "self_noise": ["{kind: self_noise, ein_dba: 33}"],
    "overload": ["{kind: overload, aop_dbspl: 103}"],
    "wind_filter": ["{kind: wind_filter, cutoff_hz: 120, order: 2}"],
    "carbon": ["{kind: carbon}"],
    "line": ["{kind: line_noise, profile: ground_loop_50, snr_db: 30}"],
    "adc": ["{kind: adc, bits: 10, full_scale_dbov: -12, dither: tpdf}"],
    "agc": ["{kind: automatic_gain}"],
    "suppressor": ["{kind: noise_suppressor}"],
    "effect": ["{kind: effect, transform: TanhDistortion, parameters: {distortion: 0.2}}"],
    "g711": ["{kind: g711, law: a, loss_percent: 3}"],
    "g722": ["{kind: g722}"],
    "g726": ["{kind: g726}"],
    "gsm": ["{kind: gsm_fr}"],
    "amr": ["{kind: amr_nb, kbps: 7.4, loss_percent: 2}"],
    "opus": ["{kind: opus, kbps: 16, loss_percent: 2}"],
    "msbc": ["{kind: msbc}"],
    "cvsd": ["{kind: cvsd}"],
    "mp3": ["{kind: mp3, kbps: 24}"],
    "aac": ["{kind: aac, kbps: 24}"],
}
LATE_SAMPLES = {"amr": 8, "carbon": 8, "opus": 8}  # 0.5 ms: codecs that model the waveform, and a steep telephone band


def test_every_room_and_every_step_passes(linked_pack):
    """Real speech in real rooms with real noise through every step: no sample missing, clipped or late."""
    rooms = [
        f"r{i}: [{{kind: measured_room, source: '{path.relative_to(PACK)}', channel: 0}}]"
        for i, path in enumerate(sorted((PACK / "ir" / "room").glob("*.*")))
    ]
    assert len(rooms) == 4
    effects = [f"{name}: [{', '.join(steps)}]" for name, steps in EFFECTS.items()]
    (linked_pack / "steps.yaml").write_text(
        f"name: steps\ncorpus: {{{PACK_CORPUS}, keep: {{accent: [English, Mandarin (L1)]}}}}\n"
        "balance: {by: [accent], utterances: 1}\nspeech: {effort: normal, distance_m: 0.3}\nfactors:\n"
        f"  room: {{none: [], {', '.join(rooms)}}}\n"
        "  noise:\n    quiet: []\n    kitchen: [{kind: background_noise, source: noise/domestic, snr_db: 10}]\n"
        "    pump: [{kind: equipment_noise, profile: infusion_pump, level_dba: 60, level_at: microphone}]\n"
        "    voices: [{kind: babble, talkers: 3, snr_db: 10}]\n"
        f"  device: {{{', '.join(effects)}}}\n"
    )
    plan = augment.plan(linked_pack / "steps.yaml")
    assert plan.items.height == 2 * 5 * 4 * len(EFFECTS)
    worst = defaultdict(float)
    for utterance in plan.items["utterance"].unique():
        items = augment.render_utterance(plan, utterance)
        for name, item in items.items():
            room, noise, device = name.split("__")
            assert item.measured["clipped_samples"] == 0
            assert item.pcm.size == items["none__quiet__studio"].pcm.size
            if noise == "quiet":
                before, after = (items[f"{room}__quiet__{end}"].pcm / 32768.0 for end in ("studio", device))
                worst[device] = max(worst[device], abs(gcc_lag(before, after)))
    shown = ", ".join(f"{name}: {lag}" for name, lag in worst.items())
    print(f"\n{plan.items.height} items; largest lag behind the studio of the same room, samples: {shown}")
    for device, lag in worst.items():
        assert lag <= LATE_SAMPLES.get(device, 2), device


@pytest.mark.parametrize("rate", [8000, 16000])
def test_levels_of_real_noises_hang_on_no_length(linked_pack, rate):
    """Half a second to ten: as a filter in the time domain reads them that hears what goes on beyond the cut."""
    noises = sorted(path for path in (linked_pack / "noise").rglob("*") if path.suffix in (".wav", ".ogg"))
    assert len(noises) == 11
    for path in noises:
        samples, audio = read_samples(path)
        whole = np.resize(resample(samples, audio.sample_rate_hz, rate), 12 * rate)
        for ours, outside, _ in cut_levels(whole, rate):
            assert ours == pytest.approx(outside, abs=0.2), path.name
