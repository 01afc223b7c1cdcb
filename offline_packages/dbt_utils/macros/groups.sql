{#- Tests of a table, or of each of its groups. -#}

{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) -%}
{%- set columns = [] -%}
{%- for column in combination_of_columns -%}
    {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
{%- endfor -%}
select {{ columns | join(", ") }}
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
{%- endtest %}


{% test at_least_one(model, column_name, group_by_columns=[]) -%}
select {{ (group_by_columns + ["count(" ~ column_name ~ ") as values_count"]) | join(", ") }}
from {{ model }}
{{ "group by " ~ group_by_columns | join(", ") if group_by_columns }}
having count({{ column_name }}) = 0
{%- endtest %}


{#- Nulls are no value: with nothing else there is no constant. -#}
{% test not_constant(model, column_name, group_by_columns=[]) -%}
select {{ (group_by_columns + ["count(distinct " ~ column_name ~ ") as values_count"]) | join(", ") }}
from {{ model }}
{{ "group by " ~ group_by_columns | join(", ") if group_by_columns }}
having count(distinct {{ column_name }}) = 1
{%- endtest %}


{#- Takes also `column_name`, `at_least` and `at_most` (by default 1). -#}
{% macro test_not_null_proportion(model, group_by_columns=[]) -%}
{%- set share = "count(" ~ kwargs["column_name"] ~ ")::numeric / nullif(count(*), 0)" -%}
select {{ (group_by_columns + [share ~ " as not_null_proportion"]) | join(", ") }}
from {{ model }}
{{ "group by " ~ group_by_columns | join(", ") if group_by_columns }}
having
    {{ share }} < {{ kwargs["at_least"] }}
    or {{ share }} > {{ kwargs.get("at_most", 1) }}
{%- endmacro %}


{#- The newest row is at most `interval` `datepart`s old; no row at all fails, too. -#}
{% test recency(
    model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]
) -%}
{%- set type = "date" if ignore_time_component else dbt.type_timestamp() -%}
{%- set newest = "cast(max(" ~ field ~ ") as date)" if ignore_time_component else "max(" ~ field ~ ")" -%}
{%- set threshold -%}
    cast({{ dbt.dateadd(datepart, interval * -1, dbt.current_timestamp()) }} as {{ type }})
{%- endset -%}
select {{ (group_by_columns + [newest ~ " as most_recent", threshold ~ " as threshold"]) | join(", ") }}
from {{ model }}
{{ "group by " ~ group_by_columns | join(", ") if group_by_columns }}
having
    {{ newest }} < {{ threshold }}
    {%- if not flags.EMPTY %}
    or {{ newest }} is null
    {%- endif %}
{%- endtest %}
