"""Which packets a network loses, and the simplest ways to fill their places."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Concealment = Literal["silence", "repeat"]
REPEAT_FALL_DB = 6.0


def gilbert(loss_rate: float, mean_burst: float | None = None) -> tuple[float, float]:
    """Transition probabilities of the simple Gilbert model.

    Two states: packets arrive, or packets are lost.

    Args:
        loss_rate: Share of packets lost in the long run, 0 to below 1.
        mean_burst: Mean number of packets lost in a row, 1 or more; None for independent losses, whose mean
            burst is 1 / (1 - loss_rate).

    Returns:
        Probability p of a loss after a packet that arrived, and q of an arrival after a loss.

    Raises:
        ValueError: There is no such network: bursts so short cannot make up that share of losses.

    Reference: Gilbert, "Capacity of a burst-noise channel", 1960. A burst ends with probability q after each packet, so
    its mean length is 1/q. In the long run as many bursts begin as end: rate * q = (1 - rate) * p. The burst ratio of
    ITU-T G.107 is 1 / (p + q).

    Example:
        >>> [round(p, 4) for p in gilbert(0.05, 2.0)]
        [0.0263, 0.5]
        >>> gilbert(0.05)
        (0.05, 0.95)
    """
    if not 0 <= loss_rate < 1:
        raise ValueError(f"a loss rate of {loss_rate:g} is not between 0 and 1")
    if mean_burst is None:
        return loss_rate, 1 - loss_rate
    if mean_burst < 1:
        raise ValueError(f"a mean burst of {mean_burst:g} packets is impossible: the shortest burst is one packet")
    begins = loss_rate / (mean_burst * (1 - loss_rate))
    if begins > 1:
        least = loss_rate / (1 - loss_rate)
        raise ValueError(
            f"{100 * loss_rate:g} % cannot be lost in bursts of {mean_burst:g} packets on average: even with one packet"
            f" between two bursts they must be {least:.3g} packets long"
        )
    return begins, 1 / mean_burst


def lost_packets(
    packets: int, rng: np.random.Generator, loss_rate: float, mean_burst: float | None = None
) -> NDArray[np.bool_]:
    """Which packets are lost. A longer sequence begins with the shorter one.

    The first packet is lost with the probability of any other: the model starts in its steady state.

    Args:
        packets: How many are sent.
        rng: Draws one number for each packet.
        loss_rate: See :func:`gilbert`.
        mean_burst: See :func:`gilbert`.

    Returns:
        Shape (packets,).

    Raises:
        ValueError: As in :func:`gilbert`.

    Example:
        >>> lost = lost_packets(10000, np.random.default_rng(1), 0.1, 3.0)
        >>> bool(abs(lost.mean() - 0.1) < 0.02)
        True
    """
    begins, ends = gilbert(loss_rate, mean_burst)
    chance, out = loss_rate, np.zeros(packets, dtype=np.bool_)
    for number, drawn in enumerate(rng.random(packets).tolist()):
        out[number] = lost = drawn < chance
        chance = 1 - ends if lost else begins
    return out


def conceal(
    samples: NDArray[Any], lost: NDArray[np.bool_], packet_samples: int, concealment: Concealment
) -> NDArray[Any]:
    """Fill the places of lost packets.

    ``repeat``: the last packet that arrived, first unchanged, then 6 dB softer each time; silence if none had arrived.
    It ignores pitch and smooths no edges: it is not the concealment of ITU-T G.711 Appendix I. ``silence``: zeros.

    Args:
        samples: Decoded as if nothing had been lost, shape (n,).
        lost: For each packet, in order, whether it is lost; packets beyond its end are not.
        packet_samples: Samples in a packet.
        concealment: What is put in the place of a lost packet.

    Returns:
        Shape (n,), of the type of ``samples``.

    Example:
        >>> conceal(np.array([8, 9, 1, 1, 2, 2]), np.array([False, True, True]), 2, "repeat").tolist()
        [8, 9, 8, 9, 4, 5]
    """
    out = samples.copy()
    before = np.zeros(packet_samples)
    again = 0
    for number, gone in enumerate(lost[: -(-samples.size // packet_samples)].tolist()):
        place = slice(number * packet_samples, (number + 1) * packet_samples)
        if not gone:
            before, again = samples[place].astype(np.float64), 0
            continue
        heard = before * 10 ** (-REPEAT_FALL_DB * again / 20) if concealment == "repeat" else np.zeros(packet_samples)
        out[place] = np.rint(heard[: out[place].size])
        again += 1
    return out


def runs(lost: NDArray[np.bool_]) -> str:
    """Numbers of the lost packets, counted from 0, with runs written as ranges.

    Example:
        >>> runs(np.array([False, True, True, True, False, True]))
        '1-3,5'
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(np.int8), [0]])))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return ",".join(str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in pairs)
