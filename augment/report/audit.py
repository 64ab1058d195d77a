"""The findings of an audit as text."""

from augment.auditing.groups import Audit, GroupAudit
from augment.plain_text import visible
from augment.report.text import table

MOST_FAULTS = 20


def audit_text(audit: Audit) -> str:
    """Groups as tables, then warnings and notes."""
    about = f"{audit.manifest}: {audit.utterances:,} rows that may be used, {len(audit.groups)} groups"
    about += f" by {visible(' and '.join(audit.by))}"
    if audit.inspected:
        about += f"; the audio of {audit.inspected:,} was read, for {audit.sample_rate_hz} Hz"
    parts = [about, _labels_table(audit)]
    if audit.inspected:
        parts.append(_sound_table(audit))
    faults = [f"unusable: {fault}" for fault in audit.unreadable[:MOST_FAULTS]]
    if len(audit.unreadable) > MOST_FAULTS:
        faults.append(f"... and {len(audit.unreadable) - MOST_FAULTS} more unusable ones")
    parts += faults
    parts += [f"warning: {visible(warning.text)}" for warning in audit.warnings]
    parts += [f"note: {visible(note.text)}" for note in audit.notes]
    if not audit.warnings:
        parts.append("no warnings")
    return "\n\n".join(parts)


def _labels_table(audit: Audit) -> str:
    header = ["group", "utterances", "speakers", "hours", "mean s", "median s"]
    return table(header, [_row(group) for group in audit.groups])


def _row(group: GroupAudit) -> list[str]:
    times = (group.hours, group.duration_mean_s, group.duration_median_s)
    return [group.group, f"{group.utterances}", f"{group.speakers}", *(plain(t, ".2f") for t in times)]


def _sound_table(audit: Audit) -> str:
    header = ["group", "read", "Hz of the files", "level dBov", "its sd dB", "floor dBov *", "SNR dB *"]
    header += ["bandwidth kHz *", "clipped", "cut, dB"]
    rows = []
    for group in audit.groups:
        bandwidth = None if group.bandwidth_hz is None else group.bandwidth_hz / 1000
        figures = (group.level_dbov, group.level_sd_db, group.floor_dbov, group.snr_db, bandwidth)
        rates = " ".join(map(str, group.rates_hz)) or "-"
        clipped = "-" if group.clipped is None else f"{group.clipped}"
        cells = [*(plain(f, ".1f") for f in figures), clipped, plain(group.tail_db, ".2f")]
        rows.append([group.group, f"{group.inspected}", rates, *cells])
    about = "means over the utterances that were read; * estimates; clipped: utterances with flat tops; cut: how much"
    about += " louder they are measured for being cut tightly"
    return f"{table(header, rows)}\n{about}"


def plain(value: float | None, form: str) -> str:
    """A mean in readable form, and a dash where there is none.

    Example:
        >>> plain(None, ".1f"), plain(-0.001, ".1f")
        ('-', '0.0')
    """
    return "-" if value is None else format(round(value, 2) + 0, form)
