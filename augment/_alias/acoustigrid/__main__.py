"""``python -m acoustigrid``."""

from augment.cli import main

main()
