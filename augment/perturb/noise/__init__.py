"""Noise that is added to the speech."""
