"""The planner: it decides everything that can be counted, and touches no samples.

What it must know of files, such as lengths and hashes, it is told by the corpus and by the library of profiles.
"""
