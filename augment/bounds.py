"""Bounds on what is read from files of others: what exceeds one is refused by name before memory is spent.

A bound is generous where real material comes near it, and says in its message what was found and what is read.
"""

LARGEST_FILE_BYTES = 2**30
"""Of one file of audio."""
