"""The grid to look at and to listen to: comparable utterances of all groups, under one condition after the other."""
