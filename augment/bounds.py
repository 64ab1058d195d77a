"""Bounds on what is read from files of others: what exceeds one is refused by name before memory is spent.

A bound is generous where real material comes near it, and says in its message what was found and what is read. Nothing
that is refused here costs more than about 2 s and 200 MB.
"""

LARGEST_FILE_BYTES = 2**30
"""Of one file of audio."""

LARGE_FILE_BYTES = 2**26
"""From this size on, a file of audio is refused by what its head says before the rest is read."""

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

LONGEST_LINE_BYTES = 4 * 2**20
"""Of one line of a manifest, of one row of a table with quoted lines, and of a file that is the text of one utterance:
an hour of words with their times as JSON is 1 MB; 4 MB of brackets become 90 MB of objects."""

MOST_ROWS = 20_000_000
"""Of one file of rows: the largest corpora of speech have 11 million utterances. As columns, they take some GB."""

SHORTEST_LINES_BYTES = 4
FEW_LINES = 1_000_000
"""Bytes of a line, on average, in a file of more than so many: ``u1 m`` is the shortest row; blank lines are none."""

MOST_COLUMNS = 1000
"""Of one table: the widest corpora have some dozens of columns."""

MOST_EXPANSION = 200
FIRST_EXPANSION_BYTES = 16 * 2**20
"""How many times larger the text of a compressed file may be than the file, once it has this many bytes: manifests
reach 30, and gzip ends at 1030."""

LARGEST_RECORD_BYTES = 64 * 2**20
"""Of a file that is read whole and is no audio, such as ``testset.json``: that of a million files has 1 MB."""

LARGEST_TABLE_BYTES = 2**34
"""Of a test set's own manifest, plan or list, which are held whole: a row has 1.5 kB, so that ten million are read."""

LARGEST_YAML_BYTES = 100_000
MOST_YAML_VALUES = 10_000
MOST_YAML_ALIASES = 200
DEEPEST_YAML = 32
"""Of a recipe or profile, whose values are counted again when its aliases are followed: short texts can stand for very
many. The largest one of ours has 2.4 kB. A reader that keeps the place of every value takes 0.1 ms for each; it merges
(``<<``) in a time that grows with the square of their number."""

MOST_FACTORS = 32
MOST_SETTINGS = 1000
"""Of a recipe, sweeps expanded: each is read, checked and named by itself, at a millisecond each."""

FEW_PARQUET_ROWS = 100_000
"""A Parquet file may say a value once for that many rows; more take a byte of the file each, or are not read."""

STARTUP_S = 600.0
SLOWEST = 10.0
"""Time for a portion of work after which its worker is taken to hang: for what is loaded and simulated first, and for
each second of audio that it makes. A core makes 20 to 200 s of audio a second."""
