"""From a field recording to a noise profile: what is heard in it, in the figures that profiles are made of."""
