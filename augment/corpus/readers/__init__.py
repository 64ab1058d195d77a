"""One file for each layout of a manifest. A reader has two names.

``SUFFIXES``: the file name endings that it reads. ``rows(path, lines)``: an iterator over (row number in the file,
mapping of column to value), or a :class:`~augment.errors.Fault` in place of a row that cannot be read; it raises
:class:`~augment.errors.CorpusError` where nothing after it can be read either. ``lines`` are the file's lines as text,
each with the line feed that ends it, read while the rows are asked for: a manifest need not fit into memory.
"""
