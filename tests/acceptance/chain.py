"""Levels, SNR, mixing, lag and determinism of whole items of the demo."""

import subprocess
import sys
from functools import cache

import numpy as np

import augment
from acceptance import Figure
from acceptance.outside import fir_in_band, p56_dbov, rms_dbov, weighted
from augment.acoustics.levels import speech_level
from augment.acoustics.spectrum import weighted_power
from augment.api import stems
from augment.profiles.library import Library
from augment.streams import generator
from conftest import RATE, ROOT, gcc_lag
from test_levels import GOLDEN, golden_signal


@cache
def items():
    """Items of two utterances of the demo, all conditions."""
    plan = augment.plan("demo")
    chosen = plan.items["utterance"].unique().sort().gather_every(24).to_list()
    return [item for utterance in chosen for item in augment.render_utterance(plan, utterance).values()]


def worst(what, pairs, tolerance, unit="dB"):
    reference, ours = max(pairs, key=lambda pair: abs(pair[1] - pair[0]))
    return Figure(what, reference, ours, tolerance, unit)


def a01_active_speech_level():
    cases = [case for case in GOLDEN if case["exact_asl"] != -100]
    ours = [speech_level(golden_signal(case), case["fs"]).active_level_dbov for case in cases]
    tool = worst("P.56 level, ITU tool's figures", list(zip([c["stl_asl"] for c in cases], ours, strict=True)), 0.05)
    exact = worst("P.56 level, exact figures", list(zip([c["exact_asl"] for c in cases], ours, strict=True)), 0.001)
    return [tool, exact]


def a02_delivered_speech_level():
    pairs = [(-26.0, p56_dbov(stems(item)["speech"], RATE)) for item in items()]
    return [worst("active speech level in the file", pairs, 0.1, "dBov")]


def a03_snr():
    pairs = []
    for item in items():
        scene = item.at_microphone
        if scene.noises:
            speech, noise = (weighted(s, RATE, 100, 7000) for s in (scene.speech.signal(), scene.noises[0].signal()))
            pairs.append((p56_dbov(speech, RATE) - rms_dbov(noise), item.measured["snr_requested_db"]))
    return [worst("SNR at the microphone, 100-7000 Hz", pairs, 0.1)]


HUMS = (
    "mains_hum_50", "mains_hum_60", "ground_loop_50", "ground_loop_60", "transformer_50", "transformer_60",
    "refrigerator_compressor",
)  # fmt: skip
LENGTHS_S = (0.5, 0.75, 1.0, 1.9, 3.1, 5.3, 10.0)


def cut_levels(whole, rate):
    """For cuts of a noise: level in the band of the SNR, its outside reference, and outside level in 300-3400 Hz."""
    band = (100, 7000) if rate > 8000 else (300, 3400)
    heard, telephone = fir_in_band(whole, rate, *band), fir_in_band(whole, rate, 300, 3400)
    for seconds in LENGTHS_S:
        cut = slice(rate, rate + round(seconds * rate))
        ours = 10 * np.log10(weighted_power(whole[cut], rate, band))
        yield ours, rms_dbov(heard[cut]), rms_dbov(telephone[cut])


def a03_noise_level_whatever_the_length():
    """Hums have their strongest lines on the corners of the bands; a filter in the time domain, which hears what goes
    on beyond the cut, is the reference. The block's spread is that of 300-3400 Hz under one label."""
    figures = []
    for rate in (16000, 8000):
        pairs, spreads = [], []
        for name in HUMS:
            whole, _ = Library(ROOT).noise(name, 12 * rate, rate, lambda decision: generator("acceptance", 3, decision))
            levels = list(cut_levels(whole, rate))
            pairs += [(outside, ours) for ours, outside, _ in levels]
            spreads.append(np.ptp([telephone - ours for ours, _, telephone in levels]))
        figures.append(worst(f"level of hums in the SNR band, {rate} Hz, 0.5 to 10 s", pairs, 0.2))
        figures.append(
            Figure(f"spread in 300-3400 Hz under one label, {rate} Hz", 1, max(spreads), 0, "dB", limit=True)
        )
    return figures


def a04_mixture():
    steps, residue = 0.0, -200.0
    for item in items():
        whole = np.sum([np.rint(part * 32768) for part in stems(item).values()], axis=0)
        difference = item.pcm.astype(float) - whole
        steps = max(steps, float(np.abs(difference).max()))
        residue = max(residue, rms_dbov(difference / 32768 + 1e-12))
    return [Figure("file less the sum of its stems, peak", 0, steps, 1, "LSB"),
            Figure("file less the sum of its stems, RMS", -96, residue, 0, "dBov", limit=True)]  # fmt: skip


def a05_snr_definitions():
    pairs = {"full band": [], "A-weighted": []}
    for item in items():
        scene = item.at_microphone
        for name in pairs if scene.noises else ():
            weighting = name == "A-weighted"
            parts = [weighted(stem.signal(), RATE, a_weighting=weighting) for stem in (scene.speech, scene.noises[0])]
            column = "snr_a_weighted_db" if weighting else "snr_full_band_db"
            pairs[name].append((p56_dbov(parts[0], RATE) - rms_dbov(parts[1]), item.measured[column]))
    return [worst(f"SNR in the manifest, {name}", found, 0.2) for name, found in pairs.items()]


def a09_lag():
    controls = {item.pcm.size: item for item in items() if not item.condition.chain}
    lags = [gcc_lag(stems(controls[i.pcm.size])["speech"], stems(i)["speech"]) for i in items() if i.condition.chain]
    return [worst("lag behind the control, no codec", [(0, lag) for lag in lags], 2, "samples at 16 kHz")]


HASH = """
import augment, hashlib
plan = augment.plan("demo")
items = augment.render_utterance(plan, plan.items["utterance"].sort()[0])
print(hashlib.sha256(b"".join(items[name].pcm.tobytes() for name in sorted(items))).hexdigest())
"""


def a22_determinism():
    found = set()
    for threads in ("1", "2"):
        env = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": threads, "LC_ALL": "C",
               "PYTHONPATH": str(ROOT), "TZ": f"UTC+{threads}"}  # fmt: skip
        done = subprocess.run([sys.executable, "-c", HASH], env=env, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    return [Figure("different hashes of one item, processes and thread counts", 1, len(found), 0)]
