"""What is done to the voice before it sounds in a place."""
