"""CVSD, Bluetooth narrow-band speech."""

from typing import ClassVar, Literal

import numpy as np

from augment.acoustics import Signal
from augment.acoustics.compiled import Loop
from augment.acoustics.pcm import FULL_SCALE, quantise
from augment.acoustics.resample import resample
from augment.codecs import Lost, Pcm
from augment.perturb.codec_step import CodecStep, Concealed, PacketLoss

BIT_RATE_HZ = 64000
STEP_MIN, STEP_MAX = 10.0, 1280.0
STEP_DECAY = 1 - 1 / 1024  # per bit at 64 kHz: a time constant of 16 ms
LEAK = 1 - 1 / 32  # and of 0.5 ms
LOWEST, HIGHEST = -float(FULL_SCALE), FULL_SCALE - 1.0
EQUAL_BITS = 4
"""Equal bits in a row from which on the step grows."""


def delta_modulated(signal: Signal) -> Signal:
    """The output of a CVSD decoder for the bits of a CVSD coder.

    The coder follows the signal by one step per bit, up or down. After four equal bits the step grows by its least
    size, otherwise it shrinks. The accumulator leaks in coder and decoder alike, so that both agree again some time
    after an error.

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
    _FOLLOWED(signal.size, np.ascontiguousarray(signal, dtype=np.float64), out)
    return out


def _followed(size: int, signal: Signal, out: Signal) -> None:
    held, step, run, up = 0.0, STEP_MIN, 0, True
    for n in range(size):
        if (signal[n] >= held) == up:
            run += 1
        else:
            run, up = 1, not up
        step = step + STEP_MIN if run >= EQUAL_BITS else step * STEP_DECAY
        step = STEP_MIN if step < STEP_MIN else STEP_MAX if step > STEP_MAX else step
        held = held + step if up else held - step
        held = LOWEST if held < LOWEST else HIGHEST if held > HIGHEST else held
        out[n] = held
        held *= LEAK


_FOLLOWED = Loop(_followed)


class CvsdStep(Concealed, PacketLoss, CodecStep):
    """Bluetooth headset, narrow band: CVSD at 64 kb/s, with packet loss.

    Models the link between an older headset and telephone: 8 kHz, delta modulation at 64,000 steps a second, packets of
    3.75 ms (HV3, EV3), no bit errors.
    Where packets are lost the decoder runs on as if they had arrived, and their samples are replaced in its output: by
    silence, or by the last packet, 6 dB softer each time. Real decoders need some more milliseconds to recover.

    In a recipe::

        {kind: cvsd, loss_percent: 1}

    Keeps: length, timing.
    Changes: band limited to 4 kHz; loud high sounds are slurred because the steps cannot follow; gaps.
    Random: which packets are lost (simple Gilbert model); the same for a whole block.
    Reference: Bluetooth Core Specification, volume 2, part B, 9.2.
    """

    kind: Literal["cvsd"]
    title: ClassVar = "Bluetooth headset (CVSD)"

    def packet_samples(self, sample_rate_hz: int) -> int:
        return 30  # an HV3 or EV3 packet has 30 octets: 240 bits at 64 kb/s are 3.75 ms

    def run(self, pcm: Pcm, lost: Lost, sample_rate_hz: int) -> Pcm:
        # One bit per sample at 64 kHz.
        fine = resample(pcm.astype(np.float64), 8000, BIT_RATE_HZ)
        return quantise(resample(delta_modulated(fine), BIT_RATE_HZ, 8000) / FULL_SCALE)[0]
