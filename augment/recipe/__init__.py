"""What the user writes: the model of a recipe, and the loader that tells all of its faults at once."""
