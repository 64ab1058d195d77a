"""What the user writes: the model of a recipe, and the loader that reports all of its faults at once."""
