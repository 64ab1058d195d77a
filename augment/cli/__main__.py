"""``python -m augment.cli``."""

from augment.cli import main

main()
