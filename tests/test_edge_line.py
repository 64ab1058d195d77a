"""Lines on the edges of the band of the SNR are told, of recordings as of profiles."""

import numpy as np
import pytest

import augment
from augment.acoustics.edge_line import edge_line, fine_spectrum
from augment.notes import texts
from conftest import RATE


def tones(*frequencies_hz: float, hiss: float = 0.02, seconds: float = 4.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    lines = sum(0.1 * np.sin(2 * np.pi * f * t + f) for f in frequencies_hz)
    return lines + hiss * np.random.default_rng(2).standard_normal(t.size)


@pytest.mark.parametrize(
    ("frequency_hz", "band_hz", "counted", "lower"),
    [(100, (100, 7000), 0.5, True), (400, (300, 3400), 0.80, True), (7000, (100, 7000), 0.5, False)],
)
def test_a_line_on_an_edge_is_found_where_it_stands(frequency_hz, band_hz, counted, lower):
    """Counted by the closed form of the edge, 0.5 + 0.5 sin(pi / 2 log2(f / corner))."""
    found = edge_line(fine_spectrum(tones(frequency_hz), RATE), RATE, band_hz)
    assert found.frequency_hz == pytest.approx(frequency_hz, rel=0.03)
    assert found.counted == pytest.approx(counted, abs=0.06 if lower else 0.15)
    assert found.share > 0.6
    assert found.lower == lower
    wider = (found.wider_hz, band_hz[1]) if lower else (band_hz[0], found.wider_hz)
    assert edge_line(fine_spectrum(tones(frequency_hz), RATE), RATE, wider) is None


@pytest.mark.parametrize("frequencies_hz", [(1000,), (40,), (100, 500, 1000, 2000, 4000, 5000)])
def test_lines_inside_or_outside_or_among_many_are_not(frequencies_hz):
    assert edge_line(fine_spectrum(tones(*frequencies_hz), RATE), RATE, (100.0, 7000.0)) is None


def test_noise_is_no_line():
    hiss = np.random.default_rng(1).standard_normal(4 * RATE)
    for signal in (hiss, np.cumsum(hiss) - np.mean(np.cumsum(hiss)), np.zeros(RATE)):
        assert edge_line(fine_spectrum(signal, RATE), RATE, (100.0, 7000.0)) is None


def test_recordings_are_told_as_profiles_are(stocked):
    stocked.noise("hum/a.wav", tones(100))
    stocked.noise("hum/b.wav", tones(110, hiss=0.05))
    factors = "{noise: {hum: [{kind: background_noise, source: noise/hum, snr_db: 10}]}}"
    (told,) = [note for note in texts(augment.plan(stocked.recipe(factors=factors)).notes) if "a line near" in note]
    assert told.startswith("noise noise/hum, a.wav: a line near 99 Hz is ")
    assert "lower edge of the band of the SNR, where 50 % of it counts" in told or "where 49 % of it counts" in told
    assert told.endswith("a corner at 50 Hz counts all of it (snr: {band_hz: ...}); so it is in 2 recordings")
    full = augment.plan(stocked.recipe(factors=factors, snr="{band_hz: full}"))
    assert not any("a line near" in note for note in texts(full.notes))


def test_every_profile_of_a_sweep_is_told(stocked):
    sweep = "{steps: [{kind: equipment_noise, snr_db: 5}], sweep: {profile: [mains_hum_50, transformer_60, mri_epi]}}"
    notes = texts(augment.plan(stocked.recipe(factors=f"{{noise: {{machine: {sweep}}}}}")).notes)
    told = [note.split(":")[0] for note in notes if "a line near" in note]
    assert sorted(told) == ["noise mains_hum_50", "noise transformer_60"]
