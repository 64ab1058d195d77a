"""GSM full rate: regular-pulse excitation at 13 kb/s, the first digital mobile telephones."""

from dataclasses import dataclass

from augment.codecs import Codec, Lost, Pcm, libsndfile


@dataclass(frozen=True)
class GsmFr(Codec):
    """GSM 06.10 at 8 kHz, by libsndfile. Reference: 3GPP TS 46.010."""

    @property
    def rate_hz(self) -> int:
        """8000."""
        return 8000

    @property
    def packet_samples(self) -> int:
        """160: frames of 20 ms."""
        return 160

    def run(self, pcm: Pcm, lost: Lost) -> Pcm:
        """To frames of 33 octets and back."""
        return libsndfile.read(libsndfile.write(pcm, 8000, "RAW", "GSM610"), 8000, "RAW", "GSM610")
