{#- The local time in `tz` (by default var `dbt_date:time_zone`), without a time zone. -#}
{% macro now(tz=none) -%}
    {{ dbt_date.convert_timezone(dbt.current_timestamp(), tz) }}
{%- endmacro %}


{#- Local time in `target_tz` of a local time in `source_tz`, UTC by default. -#}
{% macro convert_timezone(column, target_tz=none, source_tz=none) -%}
    cast(
        cast({{ column }} as {{ dbt.type_timestamp() }})
        at time zone '{{ source_tz or "UTC" }}'
        at time zone '{{ target_tz or var("dbt_date:time_zone") }}'
        as {{ dbt.type_timestamp() }}
    )
{%- endmacro %}


{% macro today(tz=none) -%}
    cast({{ dbt_date.now(tz) }} as date)
{%- endmacro %}
