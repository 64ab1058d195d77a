"""From a recording of a machine or a place to the figures of a noise profile. Plain functions on arrays; no files."""
