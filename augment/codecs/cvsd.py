"""CVSD: continuously variable slope delta modulation, narrow-band speech of Bluetooth headsets."""

from dataclasses import dataclass

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.pcm import FULL_SCALE, quantise
from augment.acoustics.resample import resample
from augment.codecs import Codec, Lost, Pcm

BIT_RATE_HZ = 64000
STEP_MIN, STEP_MAX = 10.0, 1280.0
STEP_DECAY = 1 - 1 / 1024
LEAK = 1 - 1 / 32
LOWEST, HIGHEST = -float(FULL_SCALE), FULL_SCALE - 1.0
EQUAL_BITS = 4
"""So many equal bits in a row make the step grow."""


def delta_modulated(signal: Signal) -> Signal:
    """What a CVSD decoder makes of the bits of a CVSD coder.

    The coder follows the signal by one step a bit, up or down. The step grows by its least size after four equal
    bits and shrinks otherwise; the coder's picture of the decoder leaks, so that both agree again after an error.

    Args:
        signal: At 64 kHz, in steps of 16-bit integers, shape (n,).

    Returns:
        The decoder's output, before its low-pass filter, shape (n,).

    Reference: Bluetooth Core Specification, volume 2, part B, 9.2 (CVSD), and its table of parameters: h = 1 - 1/32,
    beta = 1 - 1/1024, J = K = 4, steps of 10 to 1280.

    Example:
        >>> delta_modulated(np.array([100.0, 100.0, 0.0])).round(2).tolist()
        [10.0, 19.69, 9.07]
    """
    out = np.empty(signal.size)
    held, step, run, up = 0.0, STEP_MIN, 0, True
    for start in range(0, signal.size, BIT_RATE_HZ):  # a list of a long signal would be large
        followed = []
        for wanted in signal[start : start + BIT_RATE_HZ].tolist():  # each bit needs the one before
            if (wanted >= held) is up:
                run += 1
            else:
                run, up = 1, not up
            step = step + STEP_MIN if run >= EQUAL_BITS else step * STEP_DECAY
            if not STEP_MIN <= step <= STEP_MAX:  # `min` and `max` would take as long as all the rest
                step = STEP_MIN if step < STEP_MIN else STEP_MAX
            held = held + step if up else held - step
            if not LOWEST <= held <= HIGHEST:
                held = LOWEST if held < LOWEST else HIGHEST
            followed.append(held)
            held *= LEAK
        out[start : start + BIT_RATE_HZ] = followed
    return out


@dataclass(frozen=True)
class Cvsd(Codec):
    """CVSD at 64 kb/s between 8 kHz on both sides, our own; see :func:`delta_modulated`.

    The signal is brought to 64 kHz and back by the band-limited resampler that is used everywhere else.
    """

    @property
    def rate_hz(self) -> int:
        """8000."""
        return 8000

    @property
    def packet_samples(self) -> int:
        """30: the 30 octets of an HV3 or EV3 packet, 3.75 ms."""
        return 30

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To 64,000 bits a second and back."""
        fine = resample(pcm.astype(np.float64), 8000, BIT_RATE_HZ)
        return quantise(resample(delta_modulated(fine), BIT_RATE_HZ, 8000) / FULL_SCALE)[0]
