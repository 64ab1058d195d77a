"""What a device does to its numbers."""
