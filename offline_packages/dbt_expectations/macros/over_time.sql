{#- Tests of when rows come. "Now" is local time by var `dbt_date:time_zone`, see dbt_date.now. -#}

{#- The newest row that is not from the future is at most `interval` `datepart`s old; none fails. -#}
{% test expect_row_values_to_have_recent_data(
    model, column_name, datepart, interval, row_condition=none
) -%}
select max({{ dbt_expectations._local(column_name) }}) as max_timestamp
from {{ model }}
where
    {{ dbt_expectations._local(column_name) }} <= {{ dbt_date.now() }}
    {%- if row_condition %}
    and ({{ row_condition }})
    {%- endif %}
having
    coalesce(max({{ dbt_expectations._local(column_name) }}), timestamp '1970-01-01')
    < {{ dbt_expectations._ago(datepart, interval) }}
{%- endtest %}


{#- The same of every group that has a row at all. -#}
{% test expect_grouped_row_values_to_have_recent_data(
    model, group_by, timestamp_column, datepart, interval, row_condition=none
) -%}
select
    {{ group_by | join(", ") }},
    max({{ dbt_expectations._local(timestamp_column) }}) as latest_timestamp_column
from {{ model }}
where
    {{ dbt_expectations._local(timestamp_column) }} <= {{ dbt_date.now() }}
    {%- if row_condition %}
    and ({{ row_condition }})
    {%- endif %}
group by {{ group_by | join(", ") }}
having
    max({{ dbt_expectations._local(timestamp_column) }})
    < {{ dbt_expectations._ago(datepart, interval) }}
{%- endtest %}


{#-
    Periods without a row, from the first day (included) to the last (left out), of the table
    or as given. `exclusion_condition` may read date_<date_part>. Periods are counted
    from the first day, but rows belong to calendar periods: weeks and months fit only if it begins
    one.
-#}
{% test expect_row_values_to_have_data_for_every_n_datepart(
    model, date_col, date_part="day", interval=none, row_condition=none,
    exclusion_condition=none, test_start_date=none, test_end_date=none
) -%}
{%- set period = "date_" ~ date_part -%}
with counted as (

    select
        cast({{ dbt.date_trunc(date_part, date_col) }} as {{ dbt.type_timestamp() }}) as period,
        cast(cast({{ date_col }} as date) as {{ dbt.type_timestamp() }}) as day,
        count(*) as row_cnt
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}
    group by 1, 2

),

bounds as (

    select
        {{ "timestamp '" ~ test_start_date ~ "'" if test_start_date else "min(day)" }} as start_at,
        {{ "timestamp '" ~ test_end_date ~ "'" if test_end_date else "max(day)" }} as end_at
    from counted

),

spine as (

    select {{ dbt.dateadd(date_part, "step", "bounds.start_at") }} as {{ period }}
    from bounds
    cross join
        generate_series(
            0,
            ({{ dbt.datediff("bounds.start_at", "bounds.end_at", date_part) }})::integer - 1,
            {{ interval or 1 }}
        ) as step

),

final as (

    select
        spine.{{ period }},
        count(counted.row_cnt) = 0 as is_missing,
        coalesce(sum(counted.row_cnt), 0) as row_cnt
    from spine
    left join counted
        {%- if interval %}
        on
            counted.period >= spine.{{ period }}
            and counted.period < {{ dbt.dateadd(date_part, interval, "spine." ~ period) }}
        {%- else %}
        on counted.period = spine.{{ period }}
        {%- endif %}
    group by spine.{{ period }}

)

select *
from final
where
    row_cnt = 0
    {%- if exclusion_condition %}
    and {{ exclusion_condition }}
    {%- endif %}
{%- endtest %}


{% macro _local(column_name) -%}
    cast({{ column_name }} as {{ dbt.type_timestamp() }})
{%- endmacro %}


{% macro _ago(datepart, interval) -%}
    cast({{ dbt.dateadd(datepart, interval * -1, dbt_date.now()) }} as {{ dbt.type_timestamp() }})
{%- endmacro %}
