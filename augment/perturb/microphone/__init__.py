"""What a microphone or handset does to sound."""
