"""What account to play, and how its webhooks travel."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.errors import UserError
from ingest.simulate.site import SAMPLE_END

MOST_CUSTOMERS = 20_000
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Same plan, same bytes. How webhooks travel leaves what happened as it was.

    Raises `UserError` for what cannot be simulated.
    """

    seed: int = 1
    customers: int = 66  # those of the written stories at least
    months: int = 15  # calendar months up to the one that holds the end
    until: datetime = SAMPLE_END  # nothing happens at or after it
    shuffle: bool = False  # webhooks arrive in any order at all
    duplicate_share: float = 0.0  # of the webhooks arrive twice
    old_api_share: float = 0.3  # of the events are written in the older API version

    def __post_init__(self) -> None:
        for name in ("duplicate_share", "old_api_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} is {getattr(self, name)}: a share lies between 0 and 1")
        if not 1 <= self.customers <= MOST_CUSTOMERS:
            raise UserError(
                f"{self.customers} customers cannot be simulated: from 1 to {MOST_CUSTOMERS:,} can"
            )
        if not 14 <= self.months <= MOST_MONTHS:
            raise UserError(
                f"{self.months} months cannot be simulated: from 14 to {MOST_MONTHS} can, so that"
                " yearly plans renew"
            )
        if self.until.tzinfo is None:
            raise UserError("the end of the simulated months needs a time zone")

    @property
    def end(self) -> int:
        """End of the simulated months, seconds since 1970: nothing happens at or after it."""
        return int(self.until.timestamp())

    @property
    def start(self) -> int:
        """Beginning of the first month, seconds since 1970."""
        until = self.until.astimezone(UTC)
        month = until.year * 12 + until.month - self.months
        first = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return int(first.timestamp())
