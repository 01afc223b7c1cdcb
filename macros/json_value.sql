{#-
    A value out of a JSON column, null where the path leads nowhere. Whole numbers are cast by way
    of numeric: JSON may write 5 as 5.0, which no integer reads.
-#}
{% macro json_value(column, path, type='text') -%}
    {{ adapter.dispatch('json_value')(column, path, type) }}
{%- endmacro %}

{% macro postgres__json_value(column, path, type) -%}
    {%- set place = column ~ " -> '" ~ path[:-1] | join("' -> '") ~ "'" if path | length > 1 else column -%}
    {%- set value = '(' ~ place ~ " ->> '" ~ path[-1] ~ "')" -%}
    {%- if type == 'text' -%}
        {{ value }}
    {%- elif type in ('smallint', 'integer', 'bigint') -%}
        {{ value }}::numeric::{{ type }}
    {%- else -%}
        {{ value }}::{{ type }}
    {%- endif -%}
{%- endmacro %}

{#- An identifier out of a JSON column, as text: 7, "7" and 7.0 are the same one. -#}
{% macro json_id(column, path) -%}
    {{ adapter.dispatch('json_id')(column, path) }}
{%- endmacro %}

{% macro postgres__json_id(column, path) -%}
    {%- set node = column ~ " -> '" ~ path | join("' -> '") ~ "'" -%}
    case jsonb_typeof({{ node }})
        when 'number' then trim_scale(({{ node }})::numeric)::text
        else {{ node }} #>> '{}'
    end
{%- endmacro %}
