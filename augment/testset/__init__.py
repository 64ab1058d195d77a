"""The folder of a test set: what is in it, and how it is written so that nothing in it is ever half there."""
