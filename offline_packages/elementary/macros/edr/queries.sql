{#- How edr runs queries and reads their results. -#}

{% macro run_query(query, lowercase_column_names=True) %}
    {{ return(dbt.run_query(query)) }}
{% endmacro %}

{#- The first value of the first row, none where there is no row. -#}
{% macro result_value(single_column_query) %}
    {%- set result = dbt.run_query(single_column_query) -%}
    {{ return(result[0][0] if result else none) }}
{% endmacro %}

{#- Rows of a result as dictionaries of plain values, as JSON takes them. -#}
{% macro agate_to_dicts(agate_table) %}
    {%- set rows = [] -%}
    {%- for agate_row in agate_table.rows -%}
        {%- set row = {} -%}
        {%- for name, value in agate_row.items() -%}
            {%- if value.year is defined -%}
                {%- do row.update({name | lower: value.isoformat()}) -%}
            {%- elif value is number and value.normalize is defined -%}
                {%- set is_whole = value == value.to_integral_value() -%}
                {%- do row.update({name | lower: value | int if is_whole else value | float}) -%}
            {%- else -%}
                {%- do row.update({name | lower: value}) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{ return(rows) }}
{% endmacro %}

{% macro insensitive_get_dict_value(dict, key, default) %}
    {%- for name in [key, key | lower, key | upper] -%}
        {%- if dict.get(name) is not none -%}
            {{ return(dict[name]) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(default if default is defined else none) }}
{% endmacro %}

{% macro no_results_query() -%}
    select 1 as nothing where false
{%- endmacro %}

{#- A query without rows that has the columns of a table: (name, type) pairs. -#}
{% macro empty_table(column_name_and_type_list) -%}
    {%- set types = {
        'timestamp': 'timestamp', 'boolean': 'boolean', 'int': 'integer', 'bigint': 'bigint',
        'float': 'double precision',
    } -%}
    select
    {%- for name, type in column_name_and_type_list %}
        cast(null as {{ types.get(type, 'text') }}) as {{ adapter.quote(name) }}
        {{- "," if not loop.last }}
    {%- endfor %}
    where false
{%- endmacro %}

{#- Prints what a macro returns for edr, which reads it from dbt's log. -#}
{% macro log_macro_results(macro_name, macro_args=none) %}
    {%- set path = macro_name.split('.') -%}
    {%- set macro = context[path[0]] if path | length == 1 else context[path[0]][path[1]] -%}
    {%- set results = macro(**(macro_args or {})) -%}
    {%- if results is not none -%}
        {%- do elementary.edr_log(
            '--ELEMENTARY-MACRO-OUTPUT-START--' ~ tojson(results)
            ~ '--ELEMENTARY-MACRO-OUTPUT-END--'
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro edr_log(msg, info=True) %}
    {%- if execute -%}
        {%- do log('Elementary: ' ~ msg, info=info) -%}
    {%- endif -%}
{% endmacro %}
