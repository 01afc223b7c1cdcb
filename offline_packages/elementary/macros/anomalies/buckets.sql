{#-
    CTEs every metric by time begins with: `buckets`, the full buckets of the window, numbered from
    1, and `bucketed`, the rows of the monitored table with the number of theirs. `expressions`
    names what else is read of a row. `lookback_days` reads more before the window (number 0).
-#}
{% macro _bucketed_rows(monitored, settings, expressions={}, lookback_days=0) -%}
    buckets as (
        select
            bucket_start,
            bucket_start + {{ settings.bucket_interval }} as bucket_end,
            row_number() over (order by bucket_start) as bucket_number
        from generate_series(
            {{ settings.window_start }},
            {{ settings.window_end }} - {{ settings.bucket_interval }},
            {{ settings.bucket_interval }}
        ) as bucket_start
    ),

    monitored as (
        select
            {# an instant and a time without zone alike as UTC, whatever the session's zone #}
            to_timestamp(extract(epoch from {{ settings.timestamp_column }})) at time zone 'UTC'
                as happened_at
            {%- for name, expression in expressions.items() %},
            {{ expression }} as {{ name }}
            {%- endfor %}
        from {{ monitored }}
        where
            {# coarse, for an index or partitions; what lies outside falls out below #}
            {{ settings.timestamp_column }}
                >= {{ settings.window_start }} - interval '{{ lookback_days + 2 }} days'
            {%- if settings.where_expression %}
            and ({{ settings.where_expression }})
            {%- endif %}
    ),

    bucketed as (
        select
            monitored.*,
            width_bucket(
                happened_at, (select array_agg(bucket_start order by bucket_start) from buckets)
            ) as bucket_number
        from monitored
        where
            happened_at >= {{ settings.window_start }} - interval '{{ lookback_days }} days'
            and happened_at < (select max(bucket_end) from buckets)
    )
{%- endmacro %}

{#- The same for a table without a time: all rows, measured at the start of the run. -#}
{% macro _unbucketed_rows(monitored, settings, expressions={'seen': 'true'}) -%}
    buckets as (
        select
            cast(null as timestamp) as bucket_start,
            {{ settings.window_end }} as bucket_end,
            1 as bucket_number
    ),

    bucketed as (
        select
            1 as bucket_number
            {%- for name, expression in expressions.items() %},
            {{ expression }} as {{ name }}
            {%- endfor %}
        from {{ monitored }}
        {%- if settings.where_expression %}
        where {{ settings.where_expression }}
        {%- endif %}
    )
{%- endmacro %}

{% macro _rows_by_bucket(monitored, settings, expressions={}, lookback_days=0) -%}
    {%- if settings.timestamp_column -%}
        {{ elementary._bucketed_rows(monitored, settings, expressions, lookback_days) }}
    {%- else -%}
        {{ elementary._unbucketed_rows(monitored, settings, expressions or {'seen': 'true'}) }}
    {%- endif -%}
{%- endmacro %}
