"""What happens between the microphone and the digital signal."""
