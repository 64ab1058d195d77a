"""The speech in a room."""
