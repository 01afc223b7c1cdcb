{#- Tests of the rows and columns a table has. -#}

{% test expect_table_row_count_to_be_between(
    model, min_value=none, max_value=none, group_by=none, row_condition=none, strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "count(*)", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_table_row_count_to_equal(model, value, group_by=none, row_condition=none) -%}
{{ dbt_expectations.expression_is_true(
    model, "count(*) = " ~ value, group_by_columns=group_by, row_condition=row_condition
) }}
{%- endtest %}


{% test expect_table_row_count_to_equal_other_table(
    model, compare_model, group_by=none, compare_group_by=none, factor=1, row_condition=none,
    compare_row_condition=none
) -%}
{{ dbt_expectations.test_equal_expression(
    model, "count(*)", compare_model, "count(*) * " ~ factor, group_by, compare_group_by,
    row_condition, compare_row_condition
) }}
{%- endtest %}


{% test expect_table_aggregation_to_equal_other_table(
    model, expression, compare_model, compare_expression=none, group_by=none,
    compare_group_by=none, row_condition=none, compare_row_condition=none, tolerance=0.0,
    tolerance_percent=none
) -%}
{{ dbt_expectations.test_equal_expression(
    model, expression, compare_model, compare_expression, group_by, compare_group_by,
    row_condition, compare_row_condition, tolerance, tolerance_percent
) }}
{%- endtest %}


{#- `column_index` counts from 1. -#}
{% test expect_column_to_exist(model, column_name, column_index=none, transform="upper") -%}
{%- if execute -%}
{%- set wanted = column_name | map(transform) | join -%}
select cast('{{ wanted }}' as {{ dbt.type_string() }}) as column_name
where
    not exists (
        select
        from ({{ dbt_expectations._columns_of(model, transform) }}) as columns_of_model
        where
            column_name = '{{ wanted }}'
            {%- if column_index %}
            and column_index = {{ column_index }}
            {%- endif %}
    )
{%- endif -%}
{%- endtest %}


{% test expect_table_columns_to_contain_set(model, column_list, transform="upper") -%}
{%- if execute -%}
{{ dbt_expectations._columns_compared(model, column_list, transform) }}
where columns_of_model.column_name is null
{%- endif -%}
{%- endtest %}


{% test expect_table_columns_to_not_contain_set(model, column_list, transform="upper") -%}
{%- if execute -%}
{{ dbt_expectations._columns_compared(model, column_list, transform) }}
where columns_of_model.column_name = listed.column_name
{%- endif -%}
{%- endtest %}


{% test expect_table_columns_to_match_set(model, column_list, transform="upper") -%}
{%- if execute -%}
{{ dbt_expectations._columns_compared(model, column_list, transform) }}
where
    columns_of_model.column_name is null
    or listed.column_name is null
{%- endif -%}
{%- endtest %}


{% macro _columns_of(model, transform="upper") -%}
    {%- for column in adapter.get_columns_in_relation(model) -%}
    select
        {{ loop.index }} as column_index,
        cast('{{ [column.name] | map(transform) | first }}' as {{ dbt.type_string() }}) as column_name,
        '{{ column.dtype | upper }}' as column_type
    {{- " union all " if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro _columns_compared(model, column_list, transform) -%}
select
    columns_of_model.column_name,
    listed.column_name as listed_name
from ({{ dbt_expectations._columns_of(model, transform) }}) as columns_of_model
full outer join unnest(array['{{ column_list | map(transform) | join("', '") }}'])
    as listed (column_name)
    on columns_of_model.column_name = listed.column_name
{%- endmacro %}
