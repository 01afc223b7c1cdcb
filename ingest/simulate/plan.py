"""What to simulate: the one object everything else follows from."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from ingest.errors import UserError
from ingest.simulate.site import SAMPLE_END

MAX_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Plan:
    """Same plan, same bytes. Shares are of `events`, exact to the event, and independent: turning
    one on leaves the world and the other choices as they were.

    Raises `UserError` for what cannot be simulated.
    """

    seed: int = 1
    events: int = 20_000  # things that happen; duplicates and malformed records come on top
    days: int = 7
    until: datetime = SAMPLE_END  # the end of the simulated days
    late_share: float = 0.0  # arrive up to 90 days later
    duplicate_share: float = 0.0  # are sent again, one in ten with another content
    out_of_order_share: float = 0.0  # arrive up to half an hour later
    malformed_share: float = 0.0  # are followed or preceded by a broken copy
    skew_share: float = 0.0  # carry the time of a wrong clock, one in twenty wrong by decades

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_share") and not 0 <= value <= 1:
                raise UserError(f"{field.name} is {value}: a share lies between 0 and 1")
        if self.events < 1:
            raise UserError(f"{self.events} events cannot be simulated: ask for one at least")
        if not 1 <= self.days <= MAX_DAYS:
            raise UserError(f"{self.days} days cannot be simulated: from 1 to {MAX_DAYS} can")
        if self.until.tzinfo is None:
            raise UserError("the end of the simulated days needs a time zone")

    @property
    def end(self) -> int:
        """End of the simulated days, milliseconds since 1970: nothing happens at or after it."""
        return int(self.until.timestamp() * 1000)

    @property
    def start(self) -> datetime:
        """Their beginning."""
        return self.until.astimezone(UTC) - timedelta(days=self.days)
