"""One file for each layout of a manifest. A reader has two names.

``SUFFIXES``: the file name endings that it reads. ``rows(path, text)``: an iterator over (row number in the file,
mapping of column to value), which raises :class:`~augment.errors.CorpusError` where a row cannot be read.
"""
