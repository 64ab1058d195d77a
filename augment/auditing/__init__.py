"""In what groups differ besides what they are compared by: labels, voices, recordings, texts."""
