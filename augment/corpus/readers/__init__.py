"""One file for each layout of a corpus; its name is the name of the layout in a recipe.

A reader is a :class:`~augment.corpus.source.Reader`. It raises :class:`~augment.errors.CorpusError` where nothing
behind a row can be read, and tells in ``source.tell`` what it passes over. One that needs ``source.pattern`` has
``PATTERN = True``.

Columns: ``id``, ``audio_filepath`` (relative to ``source.folder``), ``offset`` and ``duration`` in s, ``text``,
``speaker``; every other one is a label. The layout's own names are translated into these here; the values of labels are
left as they are.
"""
