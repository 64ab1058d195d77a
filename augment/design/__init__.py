"""The planner: it decides everything that can be counted, and touches no samples.

What it must know about files, such as lengths and hashes, comes from the corpus and the library of profiles.
"""
