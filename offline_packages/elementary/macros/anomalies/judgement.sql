{#- When a point is an anomaly; all over the columns of `scored` in `anomaly_points`. -#}

{#- Points are compared with those of the same season only. -#}
{% macro _season_of(moment, seasonality) -%}
    {%- set parts = {
        'day_of_week': 'extract(isodow from ' ~ moment ~ ')',
        'hour_of_day': 'extract(hour from ' ~ moment ~ ')',
        'hour_of_week': "to_char(" ~ moment ~ ", 'ID-HH24')",
    } -%}
    cast({{ parts.get(seasonality, "'none'") }} as text)
{%- endmacro %}

{#- What was to be expected: so many standard deviations around the mean, wider if small changes
    are to be ignored. Counts are not expected below 0. -#}
{% macro _expected_limits(settings) -%}
    {%- set drop = settings.ignore_small_changes.drop_failure_percent_threshold -%}
    {%- set spike = settings.ignore_small_changes.spike_failure_percent_threshold -%}
    {%- set lower = 'training_avg - ' ~ settings.anomaly_sensitivity ~ ' * training_stddev' -%}
    {%- set upper = 'training_avg + ' ~ settings.anomaly_sensitivity ~ ' * training_stddev' -%}
    {%- if drop -%}
        {%- set lower = 'least(' ~ lower ~ ', (1 - ' ~ drop ~ ' / 100.0) * training_avg)' -%}
    {%- endif -%}
    {%- if spike -%}
        {%- set upper = 'greatest(' ~ upper ~ ', (1 + ' ~ spike ~ ' / 100.0) * training_avg)' -%}
    {%- endif -%}
    case
        when training_stddev is null or training_set_size = 1 then null
        when metric_name in (
            'min', 'max', 'average', 'standard_deviation', 'variance', 'sum'
        ) then {{ lower }}
        else greatest({{ lower }}, 0)
    end as min_metric_value,
    case when training_set_size > 1 then {{ upper }} end as max_metric_value
{%- endmacro %}

{% macro _anomaly_condition(settings) -%}
    {%- set direction = settings.anomaly_direction -%}
    {%- set limit = settings.anomaly_sensitivity -%}
    {%- if settings.fail_on_zero -%}
    metric_value = 0 or
    {%- endif %}
    (
        case
            {# to be fresher than usual is no fault #}
            when metric_name in ('freshness', 'event_freshness') or '{{ direction }}' = 'spike'
                then anomaly_score > {{ limit }}
            when '{{ direction }}' = 'drop' then anomaly_score < -{{ limit }}
            else abs(anomaly_score) > {{ limit }}
        end
        and ({{ elementary._large_enough(settings) }})
        {%- if settings.min_value is not none and settings.min_value is defined %}
        and metric_value >= {{ settings.min_value }}
        {%- endif %}
    )
{%- endmacro %}

{#- `ignore_small_changes`: by how many percent of the mean a point has to be off. -#}
{% macro _large_enough(settings) -%}
    {%- set drop = settings.ignore_small_changes.drop_failure_percent_threshold -%}
    {%- set spike = settings.ignore_small_changes.spike_failure_percent_threshold -%}
    {%- set conditions = [] -%}
    {%- if spike and settings.anomaly_direction != 'drop' -%}
        {%- do conditions.append('metric_value > (1 + ' ~ spike ~ ' / 100.0) * training_avg') -%}
    {%- endif -%}
    {%- if drop and settings.anomaly_direction != 'spike' -%}
        {%- do conditions.append('metric_value < (1 - ' ~ drop ~ ' / 100.0) * training_avg') -%}
    {%- endif -%}
    {{ conditions | join(' or ') or 'true' }}
{%- endmacro %}

{% macro _anomaly_description() -%}
    case
        when metric_name = 'freshness' then format(
            'The last update was at %s: %s hours without one (only full buckets count). '
            'Usually it takes %s hours.',
            source_value,
            round(cast(metric_value as numeric) / 3600, 2),
            round(cast(training_avg as numeric) / 3600, 2)
        )
        else format(
            '%sThe last %s%s is %s, the average %s.',
            'In column ' || column_name || ': ',
            metric_name,
            ' of ' || dimension_value,
            round(cast(metric_value as numeric), 3),
            round(cast(training_avg as numeric), 3)
        )
    end
{%- endmacro %}
