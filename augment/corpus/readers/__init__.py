"""One file for each layout of a corpus, named as the layout is in a recipe. A reader defines these names.

``SUFFIXES``: the file name endings that it reads by default. ``FOLDER``: whether it reads folders. ``SIGNS``: patterns
of files in such a folder, by which the layout is suggested to a user who did not name one.
``rows(source)``: an iterator over pairs of the place of a row (:data:`~augment.corpus.source.Place`) and a mapping of
column to value, or a :class:`~augment.errors.Fault` where a row cannot be read; it raises
:class:`~augment.errors.CorpusError` where nothing beyond it can be read either. What it passes over it reports through
``source.tell``. Rows are produced lazily: a corpus need not fit into memory. A reader that needs ``source.pattern``
sets ``PATTERN = True``.

Columns: ``id``, ``audio_filepath`` (relative to ``source.folder``), ``offset`` and ``duration`` in s, ``text``,
``speaker``; every other one is a label. The layout's own names are translated into these here; the values of labels are
left as they are.
"""
