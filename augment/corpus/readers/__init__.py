"""One file for each layout of a corpus; its name is the name of the layout in a recipe.

A reader is a :class:`~augment.corpus.source.Reader`. It raises :class:`~augment.errors.CorpusError` where nothing
behind a row can be read, and tells in ``source.tell`` what it passes over. One that needs ``source.pattern`` has
``PATTERN = True``.

Columns: ``id``, ``audio_filepath`` (relative to ``source.folder``), ``offset`` and ``duration`` in s, ``text``,
``speaker``; every other one is a label. What the layout's own words mean is made of them here; which values a label has
is left as it is.
"""
