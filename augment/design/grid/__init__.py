"""Which combinations of settings are conditions."""
