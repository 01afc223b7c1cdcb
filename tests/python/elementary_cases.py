"""Tables that an anomaly test passes and tables it fails, in days before a run at a fixed time."""

from dataclasses import dataclass
from typing import Any

RUN_AT = "2025-03-12T12:00:00"  # a Wednesday; the last full day is the 11th
LAST_DAY = "2025-03-11"
COLUMNS = "happened_at timestamptz, arrived_at timestamptz, kind text, amount numeric, note text"


@dataclass(frozen=True)
class Case:
    """A test with its arguments, and the tables, by name, it is to pass and to fail."""

    test: str
    arguments: dict[str, Any]
    good: str
    bad: str
    column: str | None = None


def rows(
    count: str = "100 + extract(day from day)::int % 7",
    *,
    days: int = 20,
    step: str = "1 minute",
    arrival: str = "interval '5 minutes'",
    kind: str = "case when n % 2 = 0 then 'web' else 'app' end",
    amount: str = "n % 10",
    where: str = "true",
) -> str:
    """Query of so many rows a day; expressions see `day`, `n`, and `is_last`, the last day."""
    return f"""
        select
            (day + interval '1 hour' + n * interval '{step}') at time zone 'UTC' as happened_at,
            (day + interval '1 hour' + n * interval '{step}' + {arrival}) at time zone 'UTC',
            {kind}, {amount}, 'note ' || n
        from generate_series(
            timestamp '{LAST_DAY}' - interval '{days - 1} days', '{LAST_DAY}', '1 day'
        ) as day
        cross join lateral (select day = '{LAST_DAY}' as is_last) as last_day
        cross join lateral generate_series(1, {count}) as n
        where {where}
    """


def last_day(expression: str, otherwise: str) -> str:
    return f"case when is_last then {expression} else {otherwise} end"


USUAL = "100 + extract(day from day)::int % 7"
TABLES = {
    "usual": rows(),
    "ten_times": rows(last_day("1000", USUAL)),
    "a_fifth_more": rows(last_day("125", USUAL)),
    "nothing": rows(where="not is_last"),
    "once_nothing": rows(where="day <> '2025-03-05'"),
    "silent": rows(where=f"day <= timestamp '{LAST_DAY}' - interval '2 days'"),
    "late": rows(arrival=last_day("interval '9 hours'", "interval '5 minutes'")),
    "without_amounts": rows(amount=last_day("nullif(n % 10, n % 2)", "n % 10")),
    "large_amounts": rows(amount=last_day("500 + n", "n % 10")),
    "without_apps": rows(kind=last_day("'web'", "case when n % 2 = 0 then 'web' else 'app' end")),
    "busy_tuesdays": rows(
        "case when extract(isodow from day) = 2 then 500 else 100 end + extract(week from day)::int"
        " % 3",
        days=84,
    ),
    "quiet_tuesday": rows(
        "case when is_last then 100 when extract(isodow from day) = 2 then 500 else 100 end"
        " + extract(week from day)::int % 3",
        days=84,
    ),
    "busy_week": rows(
        "case when day between '2025-03-03' and '2025-03-09' then 600 else 150 end", days=84
    ),
}

_BY_TIME = {"timestamp_column": "happened_at"}


def _volume(good: str, bad: str, **arguments: Any) -> Case:
    return Case("volume_anomalies", _BY_TIME | arguments, good, bad)


CASES = {
    "volume": _volume("usual", "ten_times"),
    "volume_drops": _volume("ten_times", "nothing", anomaly_direction="drop"),
    "volume_spikes": _volume("nothing", "ten_times", anomaly_direction="spike"),
    "volume_small_changes": _volume(
        "a_fifth_more",
        "ten_times",
        ignore_small_changes={"spike_failure_percent_threshold": 50},
    ),
    "volume_not_trained_on_what_is_judged": _volume(
        "usual", "a_fifth_more", exclude_detection_period_from_training=True
    ),
    "volume_of_any_zero": _volume("usual", "nothing", fail_on_zero=True, anomaly_sensitivity=20),
    "volume_without_a_known_gap": _volume(
        "once_nothing",
        "ten_times",
        anomaly_exclude_metrics="metric_date = '2025-03-05'",
        detection_period={"period": "day", "count": 10},
    ),
    "volume_before_a_delay": _volume(
        "ten_times", "silent", detection_delay={"period": "hour", "count": 13}
    ),
    "volume_of_some_rows": _volume("usual", "without_apps", where_expression="kind = 'app'"),
    "volume_by_week": _volume(
        "busy_tuesdays",
        "busy_week",
        time_bucket={"period": "week", "count": 1},
        days_back=63,
        anomaly_sensitivity=2,
    ),
    "volume_by_season": _volume(
        "busy_tuesdays",
        "quiet_tuesday",
        seasonality="day_of_week",
        days_back=11,
        anomaly_sensitivity=2.5,
    ),
    "freshness": Case(
        "freshness_anomalies", _BY_TIME | {"anomaly_sensitivity": 2.5}, "usual", "silent"
    ),
    "event_freshness": Case(
        "event_freshness_anomalies",
        {"event_timestamp_column": "happened_at", "update_timestamp_column": "arrived_at"},
        "usual",
        "late",
    ),
    "nulls": Case(
        "column_anomalies",
        _BY_TIME | {"column_anomalies": ["null_count", "null_percent"]},
        "usual",
        "without_amounts",
        column="amount",
    ),
    "amounts_by_kind": Case(
        "column_anomalies",
        _BY_TIME | {"column_anomalies": ["average", "max"], "dimensions": ["kind"]},
        "usual",
        "large_amounts",
        column="amount",
    ),
    "all_columns": Case(
        "all_columns_anomalies", _BY_TIME | {"exclude_prefix": "no"}, "usual", "large_amounts"
    ),
    "dimension": Case(
        "dimension_anomalies", _BY_TIME | {"dimensions": ["kind"]}, "usual", "without_apps"
    ),
}
