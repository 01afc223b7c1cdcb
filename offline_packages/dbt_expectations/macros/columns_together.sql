{#- Tests of several columns of a row. -#}

{#- Where one of the two is null the row passes. -#}
{% test expect_column_pair_values_A_to_be_greater_than_B(
    model, column_A, column_B, or_equal=false, row_condition=none
) -%}
{{ dbt_expectations.expression_is_true(
    model, column_A ~ (" >= " if or_equal else " > ") ~ column_B, row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_pair_values_to_be_equal(model, column_A, column_B, row_condition=none) -%}
{{ dbt_expectations.expression_is_true(
    model, column_A ~ " = " ~ column_B, row_condition=row_condition
) }}
{%- endtest %}


{#- The pairs are SQL: quote the texts in them. -#}
{% test expect_column_pair_values_to_be_in_set(
    model, column_A, column_B, value_pairs_set, row_condition=none
) -%}
{%- set allowed = [] -%}
{%- for pair in value_pairs_set -%}
    {%- if pair | length != 2 -%}
        {{ exceptions.raise_compiler_error(
            "each element of value_pairs_set has two values, this one does not: " ~ pair
        ) }}
    {%- endif -%}
    {%- do allowed.append(
        "(" ~ column_A ~ " = " ~ pair[0] ~ " and " ~ column_B ~ " = " ~ pair[1] ~ ")"
    ) -%}
{%- endfor -%}
{{ dbt_expectations.expression_is_true(
    model, allowed | join(" or "), row_condition=row_condition
) }}
{%- endtest %}


{#- Sums over the table, or per group; the total is a number or a column that is summed, too. -#}
{% test expect_multicolumn_sum_to_equal(
    model, column_list, sum_total, group_by=none, row_condition=none
) -%}
{%- set total = sum_total if sum_total is number else "sum(" ~ sum_total ~ ")" -%}
{{ dbt_expectations.expression_is_true(
    model, "sum(" ~ column_list | join(") + sum(") ~ ") = " ~ total,
    group_by_columns=group_by, row_condition=row_condition
) }}
{%- endtest %}


{#- Which nulls make a row irrelevant: `all_values_are_missing` or `any_value_is_missing`. -#}
{% test expect_compound_columns_to_be_unique(
    model, column_list, quote_columns=false, ignore_row_if="all_values_are_missing",
    row_condition=none
) -%}
{%- if not column_list -%}
    {{ exceptions.raise_compiler_error("column_list is empty") }}
{%- endif -%}
{%- if ignore_row_if not in ("all_values_are_missing", "any_value_is_missing") -%}
    {{ exceptions.raise_compiler_error(
        "ignore_row_if is all_values_are_missing or any_value_is_missing, not " ~ ignore_row_if
    ) }}
{%- endif -%}
{%- set columns = [] -%}
{%- for column in column_list -%}
    {%- do columns.append(adapter.quote(column) if quote_columns else column) -%}
{%- endfor -%}
{%- set also = " is null and " if ignore_row_if == "all_values_are_missing" else " is null or " -%}
select
    {{ columns | join(", ") }},
    count(*) as n_records
from {{ model }}
where
    not ({{ columns | join(also) }} is null)
    {%- if row_condition %}
    and ({{ row_condition }})
    {%- endif %}
group by {{ columns | join(", ") }}
having count(*) > 1
{%- endtest %}
