"""Noise that sounds beside the speech."""
