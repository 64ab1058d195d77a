"""Bytes in and out: reading that notices damage, writing that leaves nothing half finished."""
