"""One file for each layout of a corpus; its name is the name of the layout in a recipe. A reader has these names.

``SUFFIXES``: the file name endings that it reads without being asked to. ``FOLDER``: whether it reads folders.
``SIGNS``: patterns of files that are in such a folder, by which it is suggested to a user who did not say the layout.
``rows(source)``: an iterator over pairs of the place of a row (:data:`~augment.corpus.source.Place`) and a mapping of
column to value, or a :class:`~augment.errors.Fault` where a row cannot be read; it raises
:class:`~augment.errors.CorpusError` where nothing after it can be read either. What it passes over it tells in
``source.tell``. Rows are made while they are asked for: a corpus need not fit into memory. A reader that needs
``source.pattern`` has ``PATTERN = True``.

Columns: ``id``, ``audio_filepath`` (relative to ``source.folder``), ``offset`` and ``duration`` in s, ``text``,
``speaker``; every other one is a label. What the layout's own words mean is made of them here; which values a label has
is left as it is.
"""
