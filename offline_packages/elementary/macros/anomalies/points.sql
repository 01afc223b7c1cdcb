{#-
    The query of an anomaly test: every point of every metric, scored against its past, with
    `is_anomalous`. As upstream, the judged point is part of the past it is compared with, unless
    `exclude_detection_period_from_training` says otherwise, and only points of the last
    `backfill_days` can be anomalous.
-#}
{% macro _anomaly_points(metric_queries, settings, with_history=false) -%}
    with measured as (
        {%- for query in metric_queries %}
        ({{ query }}){{ " union all" if not loop.last }}
        {%- endfor %}
        {%- if with_history %}
        {{ elementary._past_points(settings) }}
        {%- endif %}
    ),

    counted_in as (
        select *
        from (
            select
                *,
                coalesce(bucket_start, bucket_end) as metric_time_bucket,
                cast(coalesce(bucket_start, bucket_end) as date) as metric_date,
                {{ elementary._season_of('bucket_end', settings.seasonality) }} as season,
                case
                    when {{ 'bucket_end > ' ~ settings.detection_start
                        if settings.exclude_detection_period_from_training else 'false' }}
                        then null
                    else metric_value
                end as training_value
            from measured
        ) as points
        where not coalesce(({{ settings.anomaly_exclude_metrics or 'false' }}), false)
    ),

    trained as (
        select
            *,
            avg(training_value) over past as training_avg,
            stddev(training_value) over past as training_stddev,
            count(training_value) over past as training_set_size
        from counted_in
        window past as (
            partition by metric_name, column_name, dimension_value, season
            order by bucket_end
            rows between unbounded preceding and current row
        )
    ),

    scored as (
        select
            *,
            case
                when training_set_size = 1 then null
                when training_stddev = 0 then 0
                else (metric_value - training_avg) / training_stddev
            end as anomaly_score,
            {{ elementary._expected_limits(settings) }},
            max(bucket_end) over () as last_bucket_end
        from trained
        where metric_value is not null and training_avg is not null
    ),

    judged as (
        select
            *,
            coalesce(
                bucket_end > last_bucket_end - interval '{{ settings.backfill_days }} days'
                and anomaly_score is not null
                and ({{ elementary._anomaly_condition(settings) }}),
                false
            ) as is_anomalous
        from scored
    )

    {{ elementary._points_for_report(settings) }}
{%- endmacro %}

{#- What the report shows of a point; the limits of an anomaly are those before it. -#}
{% macro _points_for_report(settings) -%}
    {%- set direction = settings.anomaly_direction -%}
    select
        metric_name,
        column_name,
        {{ elementary.edr_quote(settings.dimensions | join('; ')) if settings.dimensions
            else 'cast(null as text)' }} as dimension,
        dimension_value,
        metric_value as value,
        training_avg as average,
        case
            when {{ 'true' if direction == 'spike' else 'false' }}
                then case when is_anomalous then lag(metric_value) over past else metric_value end
            when is_anomalous then lag(min_metric_value) over past
            else min_metric_value
        end as min_value,
        case
            when {{ 'true' if direction == 'drop' else 'false' }}
                then case when is_anomalous then lag(metric_value) over past else metric_value end
            when is_anomalous then lag(max_metric_value) over past
            else max_metric_value
        end as max_value,
        bucket_start as start_time,
        bucket_end as end_time,
        metric_value,
        source_value,
        anomaly_score,
        {{ settings.anomaly_sensitivity }} as anomaly_score_threshold,
        training_avg,
        training_stddev,
        training_set_size,
        bucket_start,
        bucket_end,
        {{ elementary._anomaly_description() }} as anomaly_description,
        is_anomalous,
        {# for later runs, where the table has no time of its own #}
        {{ 'cast(null as text)' if settings.timestamp_column
            else elementary.edr_quote(elementary._metric_properties(settings)) }}
            as metric_properties,
        bucket_end = {{ settings.window_end }} as is_new
    from judged
    where {{ settings.exclude_final_results or 'true' }}
    window past as (
        partition by metric_name, column_name, dimension_value, season
        order by bucket_end
    )
    order by metric_name, column_name, dimension_value, bucket_end
{%- endmacro %}
