{#- Metrics of a table: one row per bucket with metric_name, metric_value, source_value. -#}

{#- Rows in the bucket; a bucket without rows counts 0. -#}
{% macro _row_count_metric(monitored, settings) -%}
    with {{ elementary._rows_by_bucket(monitored, settings) }},

    counted as (
        select
            bucket_number,
            count(*) as rows_count
        from bucketed
        group by bucket_number
    )

    select
        bucket_start,
        bucket_end,
        'row_count' as metric_name,
        cast(null as text) as column_name,
        cast(null as text) as dimension_value,
        cast(coalesce(rows_count, 0) as double precision) as metric_value,
        cast(null as text) as source_value
    from buckets
    left join counted using (bucket_number)
{%- endmacro %}

{#-
    The longest time without an update that ends in the bucket, in seconds: between two updates, or
    from the last one to the end of the bucket.
-#}
{% macro _freshness_metric(monitored, settings) -%}
    with {{ elementary._bucketed_rows(monitored, settings, {}, lookback_days=7) }},

    updates as (
        select distinct
            happened_at,
            bucket_number
        from bucketed
    ),

    waits as (
        select
            bucket_number,
            happened_at as last_update_at,
            happened_at - lag(happened_at) over (order by happened_at) as wait
        from updates
        union all
        select
            buckets.bucket_number,
            latest.happened_at as last_update_at,
            least(buckets.bucket_end, {{ elementary.edr_current_timestamp() }})
            - latest.happened_at as wait
        from buckets
        cross join lateral (
            select max(updates.happened_at) as happened_at
            from updates
            where updates.happened_at < buckets.bucket_end
        ) as latest
    ),

    longest as (
        select distinct on (bucket_number) *
        from waits
        where wait is not null
        order by bucket_number, wait desc
    )

    select
        bucket_start,
        bucket_end,
        'freshness' as metric_name,
        cast(null as text) as column_name,
        cast(null as text) as dimension_value,
        cast(extract(epoch from wait) as double precision) as metric_value,
        cast(last_update_at as text) as source_value
    from buckets
    inner join longest using (bucket_number)
{%- endmacro %}

{#-
    How late events arrive: the longest time from an event to its update, in seconds. A bucket
    without rows is as late as it is long. Without an update column: the age of the latest event.
-#}
{% macro _event_freshness_metric(monitored, settings) -%}
    {%- set event = 'to_timestamp(extract(epoch from ' ~ settings.event_timestamp_column
        ~ ")) at time zone 'UTC'" -%}
    with {{ elementary._rows_by_bucket(monitored, settings, {'event_at': event}) }},

    latest as (
        select
            bucket_number,
            max(event_at) as last_event_at,
            {%- if settings.timestamp_column %}
            max(happened_at - event_at) as lateness
            {%- else %}
            {{ settings.window_end }} - max(event_at) as lateness
            {%- endif %}
        from bucketed
        group by bucket_number
    )

    select
        bucket_start,
        bucket_end,
        'event_freshness' as metric_name,
        cast(null as text) as column_name,
        cast(null as text) as dimension_value,
        cast(
            extract(epoch from coalesce(lateness, bucket_end - bucket_start)) as double precision
        ) as metric_value,
        cast(last_event_at as text) as source_value
    from buckets
    left join latest using (bucket_number)
{%- endmacro %}
