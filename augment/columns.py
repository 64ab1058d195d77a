"""What each column of a manifest means: one table behind rows, reserved names, exports, descriptions and the README.

Columns of every row and of every noise are listed here; those that only some steps fill are listed with their
perturbation, in ``Perturbation.records``.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

DIGITS = "0123456789"


@dataclass(frozen=True)
class Column:
    """A column of the manifest.

    Attributes:
        name: Its name; where several steps may fill it, the name for the first of them (see :func:`numbered`).
        kind: Type of its values; None where nothing is known, or nothing applies.
        meaning: One sentence, as Markdown.
        unit: Unit of its numbers.
        private: What becomes of it under pseudonyms: the cell is empty, or names are replaced by a keyed hash.
        required: Whether it must never be empty.
    """

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    meaning: str
    unit: str = ""
    private: Literal["withheld", "hashed"] | None = None
    required: bool = False

    def fits(self, value: Any) -> bool:
        """Whether a cell may hold a value: one of the column's kind (an integer will do for a float), or nothing.

        Example:
            >>> level, count = Column("level_db", float, "..."), Column("count", int, "...", required=True)
            >>> level.fits(-3), level.fits(None), level.fits(float("nan")), count.fits(2.0), count.fits(None)
            (True, True, False, False, False)
        """
        if value is None:
            return not self.required
        if self.kind is not float:
            return type(value) is self.kind
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


SPEECH = (
    Column("id", str, "name of the item: its utterance and condition", private="hashed", required=True),
    Column("audio_filepath", str, "the file, from the folder of the set", private="hashed", required=True),
    Column("duration", float, "length of the file", "s", required=True),
    Column("text", str, "what is said", required=True),
    Column("speaker", str, "who says it", private="hashed"),
)
"""In a row, the labels of the corpus come after these."""
CELL = (
    Column("group", str, "values of the labels by which the recipe balances", required=True),
    Column("condition", str, "one setting of every factor", required=True),
)
"""In a row, a column for each factor comes after these."""
ITEM = (
    Column("utterance", str, "id of the utterance in the corpus", private="hashed", required=True),
    Column("block", int, "utterances of a block hear the same noise and the same draws, in all groups", required=True),
    Column("sample_rate", int, "sample rate of the file", "Hz", required=True),
    Column("samples", int, "length of the file", required=True),
    Column("speech_level_requested_dbov", float, "active speech level (ITU-T P.56) that was asked for", "dBov"),
    Column("speech_level_dbov", float, "level that the speech has where `speech_level_at` says", "dBov", required=True),
    Column("speech_level_out_dbov", float, "level of the speech alone behind codecs and gain controls too", "dBov"),
    Column("speech_activity", float, "share of the time in which the talker speaks"),
    Column("speech_level_at", str, "where the speech has its level: in the file, or before the step that mixed it"),
    Column("speech_effort", str, "vocal effort, where the recipe says it"),
    Column("speech_level_dbspl", float, "active level of the talker at the microphone, all frequencies", "dB SPL"),
    Column("speech_distance_m", float, "from the mouth to the microphone, where the recipe says it", "m"),
    Column("loudness_lufs", float, "loudness of the file (ITU-R BS.1770)", "LUFS"),
    Column("snr_requested_db", float, "SNR that was asked for, of all noises as if powers added", "dB"),
    Column("snr_db", float, "SNR that was measured, in the recipe's band, at the microphone", "dB"),
    Column("snr_full_band_db", float, "the SNR at the microphone, at all frequencies", "dB"),
    Column("snr_a_weighted_db", float, "the SNR at the microphone, A-weighted", "dB"),
    Column("snr_delivered_db", float, "SNR of all noises, the device's own too, where `speech_level_at` says", "dB"),
    Column("snr_band_hz", str, "the recipe's band, or `full`", "Hz"),
    Column("snr_weighting", str, "the recipe's frequency weighting, `none` or `A`"),
    Column("gain_db", float, "gain of the speech from source to file, beside its filters", "dB", required=True),
    Column("headroom_gain_db", float, "below 0: a mix that would have clipped was made softer", "dB", required=True),
    Column("peak_dbfs", float, "largest sample of the file", "dBFS"),
    Column("clipped_samples", int, "samples of the file that were clipped", required=True),
    Column("source_audio", str, "recording in the corpus, from its folder", private="withheld"),
    Column("source_channel", str, "channel of the recording, or `mix`, where that matters", private="withheld"),
    Column("source_offset", float, "where in the recording the utterance begins", "s", private="withheld"),
    Column("source_sample_rate", int, "sample rate of the recording", "Hz"),
    Column("source_level_dbov", float, "active speech level of the recording", "dBov"),
    Column("source_sha256", str, "hash of the recording", private="withheld"),
    Column("licence", str, "licence of all that can be heard in the item (SPDX)"),
    Column("credit", str, "whom to name for what can be heard"),
    Column("pcm_sha256", str, "hash of the file's samples", required=True),
    Column("sha256", str, "hash of the file", required=True),
)
"""In a row, the columns that steps fill come after these."""
KEY = (Column("key", str, "hash of all that decides the file's bytes", private="hashed", required=True),)
ROW = (*SPEECH, *CELL, *ITEM, *KEY)
"""Columns that every manifest has."""

PLANNED = (
    Column("dealt", str, "what the planner dealt to the block, as JSON"),
    Column("source_duration", str, "length of the utterance in the recording", "s", private="withheld"),
)
"""Columns of a plan that no manifest has."""

NOISE = (
    Column("noise_step", str, "the step that added the noise"),
    Column("noise_source", str, "what sounds: a recording or a profile"),
    Column("noise_start_s", float, "where in the recording the noise begins", "s"),
    Column("noise_segment", str, "the stretch of the recording: a cluster for your statistics"),
    Column("noise_continued", bool, "whether the recording ended before the utterance and was continued"),
    Column("noise_talkers", int, "how many talkers babble"),
    Column("noise_talker_ids", str, "utterances of the talkers who babble", private="hashed"),
    Column("noise_level_by", str, "how the level of the noise was set: to an SNR, by sound level, by the device"),
    Column("noise_snr_requested_db", float, "SNR that was asked for, of this noise", "dB"),
    Column("noise_snr_db", float, "SNR of this noise where it comes in", "dB"),
    Column("noise_level_dba", float, "level of the noise where it comes in, if that is known", "dB(A)"),
    Column("noise_distance_m", float, "from the noise's source to the microphone, if its level was given for one", "m"),
    Column("noise_active_share", float, "share of the time in which the noise is on; its level is that of this time"),
    Column("noise_crest_db", float, "peak of the noise over its level", "dB"),
)
"""Columns that every step that adds a noise fills."""


def numbered(column: str, number: int) -> str:
    """Name of a column for the first, second, ... step that fills it.

    Example:
        >>> numbered("codec_delay_samples", 1), numbered("codec_delay_samples", 2)
        ('codec_delay_samples', 'codec2_delay_samples')
    """
    first, _, rest = column.partition("_")
    return column if number == 1 else f"{first}{number}_{rest}" if rest else f"{first}{number}"


def is_numbered(name: str, column: str) -> bool:
    """Whether a name is that of a column, for the first or any later step that fills it.

    Example:
        >>> [is_numbered(name, "room_t60_missed") for name in ("room_t60_missed", "room2_t60_missed", "room_t30_s")]
        [True, True, False]
    """
    first, _, rest = column.partition("_")
    begin, _, end = name.partition("_")
    return end == rest and begin.startswith(first) and not begin.removeprefix(first).strip(DIGITS)


def of_all_steps(column: str, columns: Iterable[str]) -> list[str]:
    """The columns of a table that hold the same thing for the first and any later step.

    Example:
        >>> of_all_steps("noise_source", ["noise_source", "noise_step", "noise2_source"])
        ['noise_source', 'noise2_source']
    """
    return [name for name in columns if is_numbered(name, column)]
