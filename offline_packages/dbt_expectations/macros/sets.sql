{#- Tests that compare the distinct values of a column with a set. -#}

{#- Null is in no set: it fails. -#}
{% test expect_column_distinct_values_to_be_in_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) -%}
{{ dbt_expectations._compared_with_set(model, column_name, value_set, quote_values, row_condition) }}
where set_values.value_field is null
{%- endtest %}


{% test expect_column_distinct_values_to_contain_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) -%}
{{ dbt_expectations._compared_with_set(model, column_name, value_set, quote_values, row_condition) }}
where
    set_values.value_field is not null
    and all_values.value_field is null
{%- endtest %}


{% test expect_column_distinct_values_to_equal_set(
    model, column_name, value_set, quote_values=true, row_condition=none
) -%}
{{ dbt_expectations._compared_with_set(model, column_name, value_set, quote_values, row_condition) }}
where
    set_values.value_field is null
    or all_values.value_field is null
{%- endtest %}


{% macro _compared_with_set(model, column_name, value_set, quote_values, row_condition) -%}
with all_values as (

    select distinct {{ column_name }} as value_field
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}

),

set_values as (

    select distinct unnest(array[{{ dbt_expectations._literals(value_set, quote_values) }}])
        as value_field

)

select
    all_values.value_field as column_value,
    set_values.value_field
from all_values
full outer join set_values
    on all_values.value_field = set_values.value_field
{%- endmacro %}
