"""What `coursehouse status` tells of the pipeline's health: the operations mart, in short."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, LiteralString

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ingest import packages

SHOWN = 5  # of each kind

Rows = Callable[[LiteralString], list[dict[str, Any]]]

_FRESHNESS: LiteralString = """
select source, lane, succeeded_at, is_failing, age_seconds::float8 as age_seconds, status
from ops.source_freshness order by source
"""
_MISSING: LiteralString = """
select topic, arrival_date::text as day from ops.expected_partition
where is_missing order by topic, arrival_date
"""
_DEAD_LETTERS: LiteralString = """
select topic, sum(open_count)::bigint as open
from ops.dead_letter_rate group by topic having sum(open_count) > 0 order by topic
"""
_TESTS: LiteralString = """
select test, severity, failures, completed_at from ops.dq_result
where is_latest and severity is not null and completed_at > now() - interval '7 days'
order by severity, test
"""
_ALERTS: LiteralString = """
select a.rule, a.labels, a.severity, a.opened_at, r.description
from ops.alert_event as a inner join ops.alert_rules as r on a.rule = r.rule
where a.state = 'firing' order by a.severity, a.rule, a.labels
"""
_MESSAGES: LiteralString = """
select count(*) as waiting from ops.alert_outbox where sent_at is null and given_up_at is null
"""
_AVAILABILITY: LiteralString = """
select
    availability_rate::float8 as availability_rate, down_minutes::float8 as down_minutes,
    budget_minutes::float8 as budget_minutes, observed_minutes::float8 as observed_minutes
from ops.availability_30d where component = 'pipeline'
"""


@dataclass
class OpsStatus:
    """Empty where the mart was never built."""

    packages: str | None = None  # where the dbt packages come from
    freshness: list[dict[str, Any]] = field(default_factory=list)
    missing_partitions: list[dict[str, Any]] = field(default_factory=list)
    dead_letters: dict[str, int] = field(default_factory=dict)  # open ones by topic
    failing_tests: list[dict[str, Any]] = field(default_factory=list)
    open_alerts: list[dict[str, Any]] = field(default_factory=list)
    messages_waiting: int = 0
    availability_30d: dict[str, Any] | None = None


def ops_status(rows: Rows) -> OpsStatus:
    """Read the mart. `rows` runs a query, and has none where a relation is missing."""
    return OpsStatus(
        packages=packages.source(),
        freshness=rows(_FRESHNESS),
        missing_partitions=rows(_MISSING),
        dead_letters={row["topic"]: row["open"] for row in rows(_DEAD_LETTERS)},
        failing_tests=rows(_TESTS),
        open_alerts=rows(_ALERTS),
        messages_waiting=sum(row["waiting"] for row in rows(_MESSAGES)),
        availability_30d=next(iter(rows(_AVAILABILITY)), None),
    )


def render_ops(status: OpsStatus) -> list[RenderableType]:
    """The same for people: what is well is said in a word."""
    parts: list[RenderableType] = []
    if status.freshness:
        table = Table("source", "lane", "last success", "", box=None)
        for row in status.freshness:
            state = row["status"] + (", failing" if row["is_failing"] else "")
            table.add_row(row["source"], row["lane"], f"{_ago(row['age_seconds'])} ago", state)
        parts.append(table)
    lines = [
        _line("missing days", [f"{r['topic']} {r['day']}" for r in status.missing_partitions]),
        _line("dead letters", [f"{topic} {n:,}" for topic, n in status.dead_letters.items()]),
        _line("failing tests", [f"{r['test']} ({r['severity']})" for r in status.failing_tests]),
        _line("open alerts", [_alert(row) for row in status.open_alerts]),
    ]
    if status.messages_waiting:
        lines.append(f"messages that wait to be sent: {status.messages_waiting:,}")
    if figures := status.availability_30d:
        lines.append(
            f"availability of the last 30 days: {figures['availability_rate']:.3%}, down"
            f" {figures['down_minutes']:,.1f} of {figures['budget_minutes']:.1f} minutes allowed,"
            f" observed for {_ago(figures['observed_minutes'] * 60)}"
        )
    lines.append(f"dbt packages: {status.packages or 'not installed'}")
    return [*parts, Text("\n".join(lines))]


def _line(what: str, items: list[str]) -> str:
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"{what}: {', '.join(items[:SHOWN]) or 'none'}{more}"


def _alert(row: dict[str, Any]) -> str:
    about = " ".join(str(value) for value in row["labels"].values())
    return f"{row['rule']}{f' of {about}' if about else ''} ({row['severity']})"


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
