"""Reading clean labelled speech: a table of utterances, one reader for each layout, and the audio behind a row."""
