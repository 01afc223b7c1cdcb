{#- Tests of a figure of a column, per group if groups are given. -#}

{% test expect_column_min_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "min(" ~ column_name ~ ")", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_max_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "max(" ~ column_name ~ ")", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_mean_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "avg(" ~ column_name ~ ")", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_median_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.test_expect_column_quantile_values_to_be_between(
    model, column_name, 0.5, min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_quantile_values_to_be_between(
    model, column_name, quantile, min_value=none, max_value=none, group_by=none,
    row_condition=none, strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "percentile_cont(" ~ quantile ~ ") within group (order by " ~ column_name ~ ")",
    min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_stdev_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "stddev(" ~ column_name ~ ")", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_sum_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "sum(" ~ column_name ~ ")", min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_unique_value_count_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, "count(distinct " ~ column_name ~ ")", min_value, max_value, group_by, row_condition,
    strictly
) }}
{%- endtest %}


{#- Of no value at all the proportion is 1. -#}
{% test expect_column_proportion_of_unique_values_to_be_between(
    model, column_name, min_value=none, max_value=none, group_by=none, row_condition=none,
    strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model,
    "coalesce(count(distinct " ~ column_name ~ ")::float / nullif(count(" ~ column_name ~ "), 0), 1)",
    min_value, max_value, group_by, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_distinct_count_to_equal(
    model, column_name, value, group_by=none, row_condition=none
) -%}
{{ dbt_expectations.expression_is_true(
    model, "count(distinct " ~ column_name ~ ") = " ~ value,
    group_by_columns=group_by, row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_distinct_count_to_equal_other_table(
    model, compare_model, column_name, compare_column_name, row_condition=none,
    compare_row_condition=none
) -%}
{{ dbt_expectations.test_equal_expression(
    model, "count(distinct " ~ column_name ~ ")", compare_model,
    "count(distinct " ~ (compare_column_name or column_name) ~ ")",
    row_condition=row_condition, compare_row_condition=compare_row_condition
) }}
{%- endtest %}
