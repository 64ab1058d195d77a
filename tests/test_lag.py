"""By how much a file lags another: words that a handset and a codec leave little of, moved and left where they were."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from augment.acoustics.convolution import convolve
from augment.acoustics.filters import minimum_phase_fir, speech_delay_samples
from augment.profiles.library import Library
from augment.verification.lag import lag_samples
from conftest import DEMO, RATE, link

NARROW_HZ = 8000
WITHIN_S = 0.001
WORD = 3200


@pytest.fixture(scope="module")
def telephoned():
    """Pieces of 0.4 s of the demo's speech, as they are and behind the ITU's handset and AMR-NB."""
    frequency, level = Library(Path()).microphone("itu_p48_handset").table()
    taps = minimum_phase_fir(frequency, level, NARROW_HZ)
    advance, codec = round(speech_delay_samples(taps, NARROW_HZ)), link("amr_nb", NARROW_HZ, kbps=12.2)
    found = []
    for path in sorted((DEMO / "audio").glob("*.flac")):
        speech = soxr.resample(soundfile.read(path)[0], RATE, NARROW_HZ)
        for start in range(2000, speech.size - 4000, 4000):
            word = speech[start : start + WORD] * np.hanning(WORD)
            if np.sqrt(np.mean(word**2)) > 0.01:
                found.append((word, codec.carry(convolve(word, taps, max(advance, 0)))))
    return found


def told(before, after, moved_s=0.0):
    samples = round(moved_s * NARROW_HZ)
    later = np.concatenate([np.zeros(samples), after])[: after.size]
    found = lag_samples(before, later, NARROW_HZ, WITHIN_S)
    return found is not None and abs(found) > WITHIN_S * NARROW_HZ


def test_what_was_not_moved_is_not_said_to_be(telephoned):
    assert len(telephoned) > 150
    assert not any(told(*pair) for pair in telephoned)


def test_what_was_moved_is_said_to_be(telephoned):
    assert np.mean([told(*pair, moved_s=0.003) for pair in telephoned]) > 0.9
    assert np.mean([told(*pair, moved_s=0.01) for pair in telephoned]) > 0.97
