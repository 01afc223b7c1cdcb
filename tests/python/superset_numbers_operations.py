"""Numbers of dashboards about operations, against SQL."""

from superset_numbers import Number

OPERATIONS = [
    Number(
        "live_operations",
        "Now",
        "Page views, last day",
        """
        select to_char(sum(view_count), 'FM999,999') from marts_engagement.page_view_window_5m
        where window_start > (
            select max(window_start) - interval '1 day' from marts_engagement.page_view_window_5m
        )
        """,
    ),
    Number(
        "live_operations",
        "Pipeline",
        "Rows loaded",
        """
        select to_char(sum(inserted + updated + deleted), 'FM999,999,999') from (
            select
                coalesce(inserted_count, 0) as inserted,
                coalesce(updated_count, 0) as updated,
                coalesce(deleted_count, 0) as deleted
            from ops.fact_load
        ) as loads
        """,
    ),
    Number(
        "data_quality",
        "What arrives",
        "Open dead letters",
        """
        select count(*)::text from raw_events.dead_letter
        """,
    ),
    Number(
        "data_quality",
        "Builds",
        "Failed executions",
        """
        select count(*)::text from ops.run_result where status = 'error'
        """,
    ),
    Number(
        "data_quality",
        "Tests",
        "Tests failing now",
        """
        select count(*)::text from ops.dq_result
        where is_latest and status in ('fail', 'error')
        """,
    ),
]
