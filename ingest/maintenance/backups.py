"""Whether there is a backup that is young enough: files that something else writes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.errors import UserError


@dataclass(frozen=True)
class Backups:
    """What lies in the directory of backups, at any depth."""

    directory: Path
    files: int
    newest: Path | None
    newest_at: datetime | None
    oldest_at: datetime | None

    def described(self) -> str:
        """For people."""
        if not self.newest or not self.newest_at or not self.oldest_at:
            return f"none in {self.directory}"
        newest, oldest = f"{self.newest_at:%Y-%m-%d %H:%M} UTC", f"{self.oldest_at:%Y-%m-%d}"
        return (
            f"{self.files:,} files, the newest ({newest}) {self.newest.name}, the oldest {oldest}"
        )

    def problem(self, max_age_hours: float, now: datetime | None = None) -> str | None:
        """What is wrong with them, None if nothing is."""
        if not self.newest or not self.newest_at:
            return f"there is no backup in {self.directory}: docs/runbook.md says how to make one"
        if self.newest.stat().st_size == 0:
            return f"the newest backup, {self.newest}, is empty: look at what writes it"
        age = (now or datetime.now(UTC)) - self.newest_at
        if age > timedelta(hours=max_age_hours):
            hours = age.total_seconds() / 3600
            return (
                f"the newest backup in {self.directory} is {hours:,.0f} hours old, more than"
                f" {max_age_hours:g}: look at what writes it (COURSEHOUSE_BACKUP_MAX_AGE_HOURS)"
            )
        return None


def look(directory: Path) -> Backups:
    """What is there. Raises `UserError` if the directory cannot be read."""
    try:
        dated = sorted(
            (file.stat().st_mtime, file) for file in directory.rglob("*") if file.is_file()
        )
    except OSError as error:
        raise UserError(f"COURSEHOUSE_BACKUP_DIR cannot be read: {error.strerror}") from None
    if not dated:
        return Backups(directory, 0, None, None, None)
    times = [datetime.fromtimestamp(time, UTC) for time, _ in dated]
    return Backups(directory, len(dated), dated[-1][1], times[-1], times[0])
