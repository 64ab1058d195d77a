"""Codecs, and packets that are lost."""
