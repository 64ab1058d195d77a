"""What groups differ in besides what they are compared by: labels, voices, recordings, texts."""
