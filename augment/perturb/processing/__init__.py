"""What a device does to the digital signal."""
