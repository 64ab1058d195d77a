"""Notes for the user on recordings of noise."""

from augment.errors import FEW_NAMED, named
from augment.files.containers.stream import Remark
from augment.notes import Effect, Note
from augment.profiles.recording import Inventory

SHORT_S = 3.0
"""A shorter recording comes back so often in an utterance that its repetition becomes an audible rhythm."""
NARROW_SHARE = 0.8
"""Of half the sample rate: a recording that reaches less far lacks a clearly audible part of the band."""


def recording_notes(source: str, inventory: Inventory, sample_rate_hz: int) -> list[Note]:
    """Notes on the recordings of a source.

    Args:
        source: As the recipe names it.
        inventory: Its recordings, and those that cannot be used.
        sample_rate_hz: Sample rate of the test set.

    Example:
        >>> from augment.profiles.recording import Recording
        >>> recording_notes("fan.wav", Inventory((Recording("fan.wav", "e3", 8000, 4000, (), 3400.0),)), 16000)[0].text
        'noise fan.wav: nothing is left above 3400 Hz, and the set goes up to 8000 Hz: fan.wav'
    """
    recordings = inventory.recordings
    notes = []
    if inventory.unusable:
        listed = "; ".join(f"{fault.where}: {fault.message}" for fault in inventory.unusable)
        total = len(recordings) + len(inventory.unusable)
        told = f"noise {source}: {len(inventory.unusable)} of {total} files cannot be used and are left out: {listed}"
        notes.append(Note(told, Effect.LEFT_OUT, told))
    narrow = [r for r in recordings if r.band_hz < NARROW_SHARE * sample_rate_hz / 2]
    if narrow:
        least = min(recording.band_hz for recording in narrow)
        short = f"noise {source}: nothing is left above {least:.0f} Hz"
        told = f"{short}, and the set goes up to {sample_rate_hz // 2} Hz: {named([r.name for r in narrow], FEW_NAMED)}"
        notes.append(Note(told, Effect.LABEL, short))
    brief = [r for r in recordings if r.duration_s < SHORT_S]
    if brief:
        least = min(recording.duration_s for recording in brief)
        told = (
            f"noise {source}: shorter than {SHORT_S:g} s, down to {least:.2f} s, and so heard again and again: "
            f"{named([r.name for r in brief], FEW_NAMED)}"
        )
        short = f"noise {source} lasts {least:.1f} s, heard again and again: record more"
        # An error rate is then that beside one moment, and no number of speakers makes up for it.
        notes.append(Note(told, Effect.CONFOUNDED, short, size=1.0))
    for remark in Remark:
        those = [recording.name for recording in recordings if remark in recording.remarks]
        if those:
            told = f"noise {source}: {len(those)} recordings {remark}: {named(those, FEW_NAMED)}"
            notes.append(Note(told, Effect.LABEL, told))
    return notes
