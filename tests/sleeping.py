"""A job that hangs, in a module that a worker imports at once."""

import time
from pathlib import Path


class Sleeps:
    """Sleeps for ever over some tasks, and once over others."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, task):
        marker = Path(self.folder, str(task))
        if task == "ever" or (task == "once" and not marker.exists()):
            marker.touch()
            time.sleep(3600)
        return task
