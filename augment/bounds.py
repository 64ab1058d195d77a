"""Bounds on what is read from other people's files: what exceeds one is refused by name before memory is spent.

Bounds are generous: real material stays well within them. Each message says what was found and how much is read. To
refuse something takes no more than about 2 s and 200 MB.
"""

LARGEST_FILE_BYTES = 2**30
"""Largest audio file that is read."""

LARGE_FILE_BYTES = 2**26
"""From this size on, the header of an audio file is checked first, and the rest read only if it can be used."""

RATES_HZ = (4000, 384_000)
"""Lowest and highest sample rate of audio."""
MOST_CHANNELS = 64
LONGEST_RECORDING_S = 86_400.0
"""Longest recording, whichever part of it is asked for: all of it has to be decoded."""
MOST_VALUES = 2**26
"""Samples of one stretch that are held in memory, 0.5 GiB: 23 minutes at 48 kHz, 15 at 74 kHz. Channels that must be
kept apart count separately."""
LARGEST_TAR_HEADER_BYTES = 2**20
"""Largest header of one file in an archive: its name and attributes."""
MOST_MEMBERS = 2_000_000
"""Most files in one archive."""

LONGEST_LINE_BYTES = 4 * 2**20
"""Longest line of a manifest, row of a table whose cells span lines, and text file of a single utterance. An hour of
words with their times is 1 MB of JSON; 4 MB of brackets become 90 MB of objects."""

MOST_ITEMS = 200_000_000
"""Most items of a test set, which are rows of its plan and of its manifest."""

MOST_ROWS = 20_000_000
"""Most rows of one file: the largest speech corpora have 11 million utterances, a few GB as columns."""

SHORTEST_LINES_BYTES = 4
FEW_LINES = 1_000_000
"""Least average length of a line in a file of more than so many lines: the shortest row is like ``u1 m``, and a file of
blank lines holds no rows."""

MOST_COLUMNS = 1000
"""Most columns of one table: the widest corpora have a few dozen."""

MOST_EXPANSION = 200
FIRST_EXPANSION_BYTES = 16 * 2**20
"""How many times its own size a compressed file may expand to, once the text exceeds this many bytes: manifests reach
30, and gzip cannot exceed 1030."""

LARGEST_RECORD_BYTES = 64 * 2**20
"""Largest file other than audio that is read whole, such as ``testset.json``: 1 MB for a set of a million files."""

LARGEST_TABLE_BYTES = 2**34
"""Largest manifest, plan or list of a test set, which are held whole: ten million rows of 1.5 kB."""

LARGEST_YAML_BYTES = 100_000
MOST_YAML_VALUES = 10_000
MOST_YAML_ALIASES = 200
DEEPEST_YAML = 32
"""Limits for a recipe or profile (the largest bundled one has 2.4 kB). Values are counted with aliases expanded, since
a short text can stand for very many. Reading a value together with its position takes 0.1 ms, and the time for merges
(``<<``) grows with the square of their number."""

MOST_FACTORS = 32
MOST_SETTINGS = 1000
"""Most settings of a recipe, sweeps expanded: each is read, checked and named by itself, which takes a millisecond."""

FEW_PARQUET_ROWS = 100_000
"""A Parquet file may store one value for up to this many rows; any further rows must take up at least a byte each."""

STARTUP_S = 600.0
SLOWEST = 10.0
"""Seconds after which a worker counts as hanging: for loading and simulating what a portion of work needs, and for each
second of audio it makes. One core makes 20 to 200 s of audio a second."""
