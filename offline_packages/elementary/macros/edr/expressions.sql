{#- SQL expressions that edr asks for by these names; Postgres only. -#}

{% macro edr_cast_as_timestamp(timestamp_field) -%}
    cast({{ timestamp_field }} as timestamp)
{%- endmacro %}

{% macro edr_cast_as_string(column) -%}
    cast({{ column }} as text)
{%- endmacro %}

{% macro edr_cast_as_numeric(column) -%}
    cast({{ column }} as numeric)
{%- endmacro %}

{% macro edr_current_timestamp() -%}
    (current_timestamp at time zone 'UTC')
{%- endmacro %}

{% macro edr_datediff(first_date, second_date, date_part) -%}
    {{ dbt.datediff(first_date, second_date, date_part) }}
{%- endmacro %}

{% macro edr_dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ dbt.dateadd(datepart, interval, from_date_or_timestamp) }}
{%- endmacro %}

{% macro edr_timeadd(date_part, number, timestamp_expression) -%}
    {{ elementary.edr_cast_as_timestamp(timestamp_expression) }}
    + ({{ number }}) * interval '1 {{ date_part }}'
{%- endmacro %}

{% macro edr_date_trunc(date_part, date_expression) -%}
    date_trunc('{{ date_part }}', {{ date_expression }})
{%- endmacro %}

{#- A string as an SQL literal. -#}
{% macro edr_quote(str) -%}
    '{{ str | string | replace("'", "''") }}'
{%- endmacro %}

{% macro escape_reserved_keywords(keyword) -%}
    {{ adapter.quote(keyword) }}
{%- endmacro %}

{% macro strings_list_to_tuple(strings) -%}
    (
    {%- for string in strings or [''] -%}
        {{ elementary.edr_quote(string) }}{{ ", " if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}

{% macro is_tsql() %}
    {{ return(false) }}
{% endmacro %}

{% macro get_column_size() %}
    {{ return(none) }}
{% endmacro %}

{#- Kind of a data type: timestamp, string, numeric, boolean or other. -#}
{% macro normalize_data_type(data_type) %}
    {%- set name = (data_type or '') | lower -%}
    {%- if name.startswith('timestamp') or name == 'date' -%}
        {{ return('timestamp') }}
    {%- elif name.startswith('character') or name in ['text', 'varchar', 'name', 'bpchar'] -%}
        {{ return('string') }}
    {%- elif name in [
        'smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'decimal'
    ] -%}
        {{ return('numeric') }}
    {%- elif name in ['boolean', 'bool'] -%}
        {{ return('boolean') }}
    {%- endif -%}
    {{ return('other') }}
{% endmacro %}
