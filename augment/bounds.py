"""Bounds on what is read from files of others: what exceeds one is refused by name before memory is spent.

A bound is generous where real material comes near it, and says in its message what was found and what is read.
"""

LARGEST_FILE_BYTES = 2**30
"""Of one file of audio."""

RATES_HZ = (4000, 384_000)
"""Least and greatest sample rate of audio."""
MOST_CHANNELS = 64
LONGEST_RECORDING_S = 86_400.0
"""Of a whole recording, whatever part of it is asked for: all of it is decoded."""
MOST_VALUES = 2**26
"""Samples that are held of one stretch, 0.5 GiB: 23 minutes at 48 kHz, 15 at 74 kHz; each of its channels counts that
must be kept apart."""
LARGEST_TAR_HEADER_BYTES = 2**20
"""Of the name and the attributes of one file in an archive."""
MOST_MEMBERS = 2_000_000
"""Files of one archive."""
