{#- Condition: the clock of an event was wrong, set before there was a Moodle or after it arrived. -#}
{% macro is_misdated(occurred_at, loaded_at) -%}
    coalesce(
        {{ occurred_at }} < timestamptz '{{ var("dim_date_start") }} 00:00:00+00'
        or {{ occurred_at }} > {{ loaded_at }} + interval '1 day',
        false
    )
{%- endmacro %}
