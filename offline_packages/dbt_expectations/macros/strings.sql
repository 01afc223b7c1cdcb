{#- Tests of lengths and patterns. A null has no length and passes; it matches no pattern. -#}

{% test expect_column_value_lengths_to_be_between(
    model, column_name, min_value=none, max_value=none, row_condition=none, strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, dbt.length(column_name), min_value, max_value, none, row_condition, strictly
) }}
{%- endtest %}


{% test expect_column_value_lengths_to_equal(model, column_name, value, row_condition=none) -%}
{{ dbt_expectations.expression_is_true(
    model, dbt.length(column_name) ~ " = " ~ value, row_condition=row_condition
) }}
{%- endtest %}


{#- `is_raw` is for databases other than Postgres. -#}
{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=""
) -%}
{{ dbt_expectations.expression_is_true(
    model, dbt_expectations._matches(column_name, regex, flags), row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_values_to_not_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=""
) -%}
{{ dbt_expectations.expression_is_true(
    model, "not " ~ dbt_expectations._matches(column_name, regex, flags),
    row_condition=row_condition
) }}
{%- endtest %}


{% test expect_column_values_to_match_regex_list(
    model, column_name, regex_list, match_on="any", row_condition=none, is_raw=false, flags=""
) -%}
{%- set matches = [] -%}
{%- for regex in regex_list -%}
    {%- do matches.append(dbt_expectations._matches(column_name, regex, flags)) -%}
{%- endfor -%}
{{ dbt_expectations.expression_is_true(
    model, matches | join(" and " if match_on == "all" else " or "), row_condition=row_condition
) }}
{%- endtest %}


{% macro _matches(column_name, regex, flags) -%}
    coalesce(regexp_like({{ column_name }}, '{{ regex }}', '{{ flags }}'), false)
{%- endmacro %}
