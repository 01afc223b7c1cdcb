{#-
    Rows by bucket and value of the dimensions. A value that is missing from a bucket after its
    first counts 0 there, so that one that disappears is noticed.
-#}
{% macro _dimension_metric(monitored, settings) -%}
    with {{ elementary._rows_by_bucket(
        monitored, settings, {'dimension_value': elementary._dimension_value(settings.dimensions)}
    ) }},

    counted as (
        select
            bucket_number,
            dimension_value,
            count(*) as rows_count
        from bucketed
        where bucket_number > 0
        group by bucket_number, dimension_value
    ),

    {#- without a time, values of earlier runs -#}
    first_seen as (
        select
            dimension_value,
            min(bucket_number) as bucket_number
        from counted
        group by dimension_value
        {%- set history = elementary.get_elementary_relation('data_monitoring_metrics') %}
        {%- if not settings.timestamp_column and history %}
        union
        select
            dimension_value,
            1
        from {{ history }}
        where
            metric_properties = {{ elementary.edr_quote(elementary._metric_properties(settings)) }}
            and bucket_end > {{ settings.window_start }}
        group by dimension_value
        having sum(metric_value) > 0
        {%- endif %}
    )

    select
        buckets.bucket_start,
        buckets.bucket_end,
        'dimension' as metric_name,
        cast(null as text) as column_name,
        first_seen.dimension_value,
        cast(coalesce(counted.rows_count, 0) as double precision) as metric_value,
        cast(null as text) as source_value
    from first_seen
    inner join buckets on buckets.bucket_number >= first_seen.bucket_number
    left join counted
        on counted.bucket_number = buckets.bucket_number
        and counted.dimension_value = first_seen.dimension_value
{%- endmacro %}
