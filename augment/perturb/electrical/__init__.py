"""What happens between microphone and numbers."""
