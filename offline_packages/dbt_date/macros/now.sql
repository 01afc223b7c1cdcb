{#-
    The present, as dates and times without a time zone: local ones in `tz`, by default in that of
    var `dbt_date:time_zone`.
-#}

{% macro now(tz=none) -%}
    {{ dbt_date.convert_timezone(dbt.current_timestamp(), tz) }}
{%- endmacro %}


{% macro today(tz=none) -%}
    cast({{ dbt_date.now(tz) }} as date)
{%- endmacro %}


{% macro n_days_ago(n, date=none, tz=none) -%}
    cast({{ dbt.dateadd("day", -1 * (n | int), date or dbt_date.today(tz)) }} as date)
{%- endmacro %}


{#- The local time in `target_tz` when it is `column` in `source_tz`, by default UTC. -#}
{% macro convert_timezone(column, target_tz=none, source_tz=none) -%}
    cast(
        cast({{ column }} as {{ dbt.type_timestamp() }})
        at time zone '{{ source_tz or "UTC" }}'
        at time zone '{{ target_tz or var("dbt_date:time_zone") }}'
        as {{ dbt.type_timestamp() }}
    )
{%- endmacro %}
