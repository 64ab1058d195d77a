"""Records of other tools that several exporters share."""
