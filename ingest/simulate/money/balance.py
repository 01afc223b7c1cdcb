"""The ledger of record: a balance transaction for every movement of money, and the payouts."""

from fractions import Fraction

from ingest.simulate.money import shapes_balance as shapes
from ingest.simulate.money.account import Account, Object
from ingest.simulate.money.amounts import exchange_rate, settled
from ingest.simulate.money.timeline import DAY, HOUR, Story, months_later

DAYS_TO_AVAILABLE = 3
DAYS_TO_BANK = 2


class Ledger:
    """Books in euros; `net = amount - fee` of every entry, and a payout is what it pays out."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.entries: list[Object] = []
        self.members: dict[str, list[str]] = {}  # of each payout: what it paid out
        self._unpaid: list[Object] = []
        self._billed = 0  # turnover that the monthly fee was taken of

    def book(
        self,
        kind: tuple[str, str],
        amount: int,
        source: str | None,
        *,
        fee: int = 0,
        rate: Fraction | None = None,
        what: str | None = None,
        days: int = 0,
    ) -> Object:
        """Enter euro cents under a type and reporting category; the fee lessens the balance."""
        account = self._account
        details = (
            [_fee(fee, "Dispute fee" if kind[1] == "dispute" else "Stripe fee")] if fee else []
        )
        entry = shapes.balance_transaction(
            account.new_id("txn"),
            account.now,
            {
                "amount": amount,
                "available_on": account.now - account.now % DAY + days * DAY,
                "description": what,
                "exchange_rate": None if rate is None else float(rate),
                "fee": fee,
                "fee_details": details,
                "net": amount - fee,
                "reporting_category": kind[1],
                "source": source,
                "status": "pending" if days else "available",
                "type": kind[0],
            },
        )
        account.add(entry)  # there is no event for it
        self.entries.append(entry)
        if kind[0] != "payout":
            self._unpaid.append(entry)
        return entry

    def book_foreign(
        self, kind: tuple[str, str], amount: int, currency: str, source: str, days: int = 0
    ) -> Object:
        """Enter minor units of a currency at the rate of the day, without a fee."""
        rate = exchange_rate(currency, self._account.now)
        return self.book(kind, settled(amount, currency, rate), source, rate=rate, days=days)

    def weekly_payouts(self, failing: int) -> Story:
        """Every Monday, what has become available; the payout of number `failing` bounces."""
        account = self._account
        monday = 4 * DAY + 2 * HOUR  # 1970 began on a Thursday
        number = 0
        while True:
            yield account.now - (account.now - monday) % (7 * DAY) + 7 * DAY
            ready = [entry for entry in self._unpaid if entry["available_on"] <= account.now]
            for entry in ready:
                entry["status"] = "available"
            amount = sum(entry["net"] for entry in ready)
            total = sum(entry["net"] for entry in self._unpaid)
            account.tell("balance.available", shapes.balance(amount, total - amount))
            if amount <= 0:
                continue
            number += 1
            payout = self._pay_out(ready, amount)
            account.timeline.begin(self._arrive(payout, number == failing), payout["arrival_date"])

    def monthly_fee(self) -> Story:
        """Stripe's charge for billing, 0.7 % of what was charged, on the first of each month."""
        account = self._account
        while True:
            yield months_later(account.now, 1)
            turnover = sum(e["amount"] for e in self.entries if e["type"] == "charge")
            fee = (turnover - self._billed) * 7 // 1000
            self._billed = turnover
            if fee:
                self.book(("stripe_fee", "fee"), -fee, None, what="Billing - Usage Fee")

    def _pay_out(self, ready: list[Object], amount: int) -> Object:
        account = self._account
        paid = {entry["id"] for entry in ready}
        self._unpaid = [entry for entry in self._unpaid if entry["id"] not in paid]
        arrival = account.now - account.now % DAY + DAYS_TO_BANK * DAY
        payout = shapes.payout(account.new_id("po"), account.now, amount, arrival)
        entry = self.book(("payout", "payout"), -amount, payout["id"], what="STRIPE PAYOUT")
        payout["balance_transaction"] = entry["id"]
        self.members[payout["id"]] = [entry["id"] for entry in ready]
        return account.add(payout, "payout.created")

    def _arrive(self, payout: Object, is_failing: bool) -> Story:
        account = self._account
        account.change(payout, "payout.reconciliation_completed", reconciliation_status="completed")
        account.change(payout, "payout.paid", status="paid")
        if not is_failing:
            return
        yield account.now + DAY + 9 * HOUR  # paid first, then sent back: as banks do
        back = self.book(
            ("payout_failure", "payout_reversal"),
            payout["amount"],
            payout["id"],
            what="PAYOUT FAILED",
        )
        account.change(
            payout,
            "payout.failed",
            status="failed",
            failure_balance_transaction=back["id"],
            failure_code="account_closed",
            failure_message="The bank account has been closed",
        )


def _fee(amount: int, what: str) -> Object:
    return {
        "amount": amount,
        "application": None,
        "currency": "eur",
        "description": what,
        "type": "stripe_fee",
    }
