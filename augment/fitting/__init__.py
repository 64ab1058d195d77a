"""From the recording of a noise to a profile: what is found in it, and how well it was found."""
