"""The planner: it decides everything that can be counted. It touches no samples and opens no files."""
