{#- Tests of values that lie far from the others. -#}

{#- Groups whose sum lies more than so many standard deviations from the mean of all groups. -#}
{% test expect_column_values_to_be_within_n_stdevs(
    model, column_name, group_by=none, sigma_threshold=3
) -%}
with metric_values as (

    select
        {%- for column in group_by or [] %}
        {{ column }},
        {%- endfor %}
        sum({{ column_name }}) as metric
    from {{ model }}
    {%- if group_by %}
    group by {{ group_by | join(", ") }}
    {%- endif %}

),

scored as (

    select
        *,
        (metric - avg(metric) over ()) / nullif(stddev(metric) over (), 0) as sigma
    from metric_values

)

select *
from scored
where abs(sigma) > {{ sigma_threshold }}
{%- endtest %}


{#-
    Periods among the last `test_periods` whole ones whose sum lies too far from the moving average
    of the `trend_periods` before, in their standard deviations. By default not of the sum, but of
    how its logarithm changed since `lookback_periods` before. Where there is no deviation to
    measure with, a period passes.
-#}
{% test expect_column_values_to_be_within_n_moving_stdevs(
    model, column_name, date_column_name, group_by=none, period="day", lookback_periods=1,
    trend_periods=7, test_periods=14, sigma_threshold=3, sigma_threshold_upper=none,
    sigma_threshold_lower=none, take_diffs=true, take_logs=true
) -%}
{%- set groups = group_by or [] -%}
{%- set window = ("partition by " ~ groups | join(", ") if groups) ~ " order by metric_period" -%}
{%- set trend = window ~ " rows between " ~ trend_periods ~ " preceding and 1 preceding" -%}
{%- set metric = "coalesce(ln(nullif({0}, 0)), 0)" if take_logs else "coalesce({0}, 0)" -%}
{%- set this_period = dbt.date_trunc(period, dbt_date.now()) -%}
with summed as (

    select
        {{ dbt.date_trunc(period, date_column_name) }} as metric_period,
        {%- for column in groups %}
        {{ column }},
        {%- endfor %}
        sum({{ column_name }}) as total
    from {{ model }}
    group by {{ range(1, groups | length + 2) | join(", ") }}

),

with_priors as (

    select
        *,
        lag(total, {{ lookback_periods }}) over ({{ window }}) as prior_total
    from summed

),

measured as (

    select
        *,
        {{ metric.format("total") }}
        {{- " - " ~ metric.format("prior_total") if take_diffs }} as metric_test_value
    from with_priors

),

scored as (

    select
        *,
        (metric_test_value - avg(metric_test_value) over ({{ trend }}))
        / nullif(stddev(metric_test_value) over ({{ trend }}), 0) as metric_test_sigma
    from measured

)

select *
from scored
where
    metric_period
    >= cast({{ dbt.dateadd(period, -test_periods, this_period) }} as {{ dbt.type_timestamp() }})
    and metric_period < {{ this_period }}
    and not (
        metric_test_sigma >= {{ sigma_threshold_lower or -1 * sigma_threshold }}
        and metric_test_sigma <= {{ sigma_threshold_upper or sigma_threshold }}
    )
{%- endtest %}
