"""The money in the demo's summary: what recurs, what was earned, and by which courses."""

from datetime import date
from decimal import Decimal

import psycopg

COURSES_SHOWN = 3

RECURRING = """
select
    (max(month_start_date) + interval '1 month')::date - 1 as month_end_date,
    count(distinct customer_id) as customers_count,
    sum(mrr_reporting) as mrr_reporting,
    count(distinct currency) as currencies_count
from marts_finance.fact_mrr_monthly
where is_complete and month_start_date = (
    select max(month_start_date) from marts_finance.fact_mrr_monthly where is_complete
)
"""
EARNED = """
select currency, sum(net_revenue) as net_revenue
from marts_finance.finance_daily_summary
group by currency
having sum(net_revenue) <> 0
order by currency
"""
COURSES = """
select courses.shortname, sum(revenue.net_revenue_reporting) as net_revenue
from marts_cross.course_revenue_monthly as revenue
inner join marts_learning.dim_course as courses on revenue.course_key = courses.course_key
where not revenue.is_unallocated
group by courses.shortname
order by 2 desc nulls last, 1
"""


def money_rows(conn: psycopg.Connection, currency: str = "EUR") -> list[tuple[str, str]]:
    """Rows of the summary; none where nothing was ever paid. `currency` is the reporting one."""
    recurring = conn.execute(RECURRING).fetchone()
    rows = []
    if recurring is not None and recurring[1]:
        month_end, customers, mrr, currencies = recurring
        rows.append(
            (
                "recurring",
                f"{_amount(mrr, currency)} MRR from {customers} customers in {currencies}"
                f" currencies at {_day(month_end)}",
            )
        )
    earned = [_amount(net, paid_in) for paid_in, net in conn.execute(EARNED)]
    if earned:
        rows.append(("net revenue", f"{', '.join(earned)} after refunds, disputes and fees"))
    courses = [
        f"{name} {_amount(net, currency)}" for name, net in conn.execute(COURSES) if net is not None
    ]
    if courses:
        rows.append(("by course", ", ".join(courses[:COURSES_SHOWN])))
    return rows


def _amount(amount: Decimal | None, currency: str) -> str:
    return "no rate" if amount is None else f"{amount:,.2f} {currency}"


def _day(day: date) -> str:
    return f"{day:%d %b %Y}"
