{#- Tests of every value of a column. -#}

{% test expect_column_values_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, column_name, min_value, max_value, none, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_values_to_be_null(model, column_name, row_condition=none) -%}
{{ dbt_expectations.expression_is_true(
    model, column_name ~ " is null", row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_values_to_not_be_null(model, column_name, row_condition=none) -%}
{{ dbt_expectations.expression_is_true(
    model, column_name ~ " is not null", row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_values_to_be_unique(model, column_name, row_condition=none) -%}
{{ dbt_expectations.test_expect_compound_columns_to_be_unique(
    model, [column_name], row_condition=row_condition
) }}
{%- endtest %}


{#- Null is in no set: it fails. -#}
{% test expect_column_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) -%}
select {{ column_name }} as value_field
from {{ model }}
where
    coalesce(
        {{ column_name }} not in ({{ dbt_expectations._literals(value_set, quote_values) }}), true
    )
    {%- if row_condition %}
    and ({{ row_condition }})
    {%- endif %}
{%- endtest %}


{% test expect_column_values_to_not_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) -%}
select {{ column_name }} as value_field
from {{ model }}
where
    {{ column_name }} in ({{ dbt_expectations._literals(value_set, quote_values) }})
    {%- if row_condition %}
    and ({{ row_condition }})
    {%- endif %}
{%- endtest %}


{#- Each value is larger than the one before it, by `step` if that is given. -#}
{% test expect_column_values_to_be_increasing(
    model, column_name, sort_column=none, strictly=true, row_condition=none, group_by=none,
    step=none
) -%}
{{ dbt_expectations._in_order(
    model, column_name, sort_column, ">" if strictly else ">=", row_condition, group_by, step
) }}
{%- endtest %}


{% test expect_column_values_to_be_decreasing(
    model, column_name, sort_column=none, strictly=true, row_condition=none, group_by=none,
    step=none
) -%}
{{ dbt_expectations._in_order(
    model, column_name, sort_column, "<" if strictly else "<=", row_condition, group_by, step
) }}
{%- endtest %}


{#- Types are written as `information_schema` does, in any case: timestamp with time zone. -#}
{% test expect_column_values_to_be_in_type_list(model, column_name, column_type_list) -%}
{%- if execute -%}
select *
from ({{ dbt_expectations._columns_of(model) }}) as columns_of_model
where
    column_name = '{{ column_name | upper }}'
    and column_type not in ('{{ column_type_list | map("upper") | join("', '") }}')
{%- endif -%}
{%- endtest %}


{% test expect_column_values_to_be_of_type(model, column_name, column_type) -%}
{{ dbt_expectations.test_expect_column_values_to_be_in_type_list(
    model, column_name, [column_type]
) }}
{%- endtest %}


{% macro _literals(values, quote_values) -%}
    {%- for value in values -%}
        {{ "cast('" ~ value ~ "' as " ~ dbt.type_string() ~ ")" if quote_values else value }}
        {{- ", " if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro _in_order(model, column_name, sort_column, operator, row_condition, group_by, step) -%}
with neighbours as (

    select
        {%- for column in group_by or [] %}
        {{ column }},
        {%- endfor %}
        {{ sort_column or column_name }} as sort_column,
        {{ column_name }} as value_field,
        lag({{ column_name }}) over (
            {{ "partition by " ~ group_by | join(", ") if group_by }}
            order by {{ sort_column or column_name }}
        ) as value_field_lag
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}

)

select *
from neighbours
where
    value_field_lag is not null
    and not (
        value_field {{ operator }} value_field_lag
        {%- if step and operator.startswith(">") %}
        and value_field - value_field_lag = {{ step }}
        {%- elif step %}
        and value_field_lag - value_field = {{ step }}
        {%- endif %}
    )
{%- endmacro %}
