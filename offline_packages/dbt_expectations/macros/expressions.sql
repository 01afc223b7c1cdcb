{#- What most tests are made of: an expression that holds in every row, or group, or lies between. -#}

{#- Rows (groups) for which `expression` is false. Null is not false: such rows pass. -#}
{% macro expression_is_true(
    model, expression, test_condition="= true", group_by_columns=none, row_condition=none
) -%}
with judged as (

    select
        {%- for column in group_by_columns or [] %}
        {{ column }} as col_{{ loop.index }},
        {%- endfor %}
        {{ expression }} as expression
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}
    {%- if group_by_columns %}
    group by {{ group_by_columns | join(", ") }}
    {%- endif %}

)

select *
from judged
where not (expression {{ test_condition }})
{%- endmacro %}

{% test expression_is_true(
    model, expression, test_condition="= true", group_by_columns=none, row_condition=none
) -%}
{{ dbt_expectations.expression_is_true(
    model, expression, test_condition, group_by_columns, row_condition
) }}
{%- endtest %}


{#- Rows (groups) for which `expression` lies outside the limits; either may be left out. -#}
{% macro expression_between(
    model, expression, min_value, max_value, group_by_columns, row_condition, strictly
) -%}
{%- if min_value is none and max_value is none -%}
    {{ exceptions.raise_compiler_error("Give a min_value, a max_value or both.") }}
{%- endif -%}
{%- set limits = [] -%}
{%- set or_equal = "" if strictly else "=" -%}
{%- if min_value is not none -%}
    {%- do limits.append(expression ~ " >" ~ or_equal ~ " " ~ min_value) -%}
{%- endif -%}
{%- if max_value is not none -%}
    {%- do limits.append(expression ~ " <" ~ or_equal ~ " " ~ max_value) -%}
{%- endif -%}
{{ dbt_expectations.expression_is_true(
    model, "(" ~ limits | join(" and ") ~ ")",
    group_by_columns=group_by_columns, row_condition=row_condition
) }}
{%- endmacro %}

{% test expression_between(
    model, expression, min_value=none, max_value=none, group_by_columns=none,
    row_condition=none, strictly=false
) -%}
{{ dbt_expectations.expression_between(
    model, expression, min_value, max_value, group_by_columns, row_condition, strictly
) }}
{%- endtest %}


{#-
    Groups whose `expression` differs between two tables, or between two expressions of one, by
    more than the tolerance (absolute, or a share of the first). A group that only one has counts
    as 0 in the other.
-#}
{% test equal_expression(
    model, expression, compare_model=none, compare_expression=none, group_by=none,
    compare_group_by=none, row_condition=none, compare_row_condition=none, tolerance=0.0,
    tolerance_percent=none
) -%}
{%- set compare_model = compare_model or model -%}
{%- set compare_row_condition = compare_row_condition or row_condition -%}
with a as (

    {{ dbt_expectations._grouped(model, expression, group_by, row_condition) }}

),

b as (

    {{ dbt_expectations._grouped(
        compare_model, compare_expression or expression, compare_group_by or group_by,
        compare_row_condition
    ) }}

),

compared as (

    select
        {%- for _ in group_by or [] %}
        coalesce(a.col_{{ loop.index }}, b.col_{{ loop.index }}) as col_{{ loop.index }},
        {%- endfor %}
        a.expression,
        b.expression as compare_expression,
        abs(coalesce(a.expression, 0) - coalesce(b.expression, 0)) as expression_difference,
        abs(coalesce(a.expression, 0) - coalesce(b.expression, 0))
        / nullif(a.expression * 1.0, 0) as expression_difference_percent
    from a
    {%- if group_by %}
    full outer join b
        on {% for _ in group_by -%}
            a.col_{{ loop.index }} = b.col_{{ loop.index }}{{ " and " if not loop.last }}
        {%- endfor %}
    {%- else %}
    cross join b
    {%- endif %}

)

select *
from compared
{%- if tolerance_percent %}
where expression_difference_percent > {{ tolerance_percent }}
{%- else %}
where expression_difference > {{ tolerance }}
{%- endif %}
{%- endtest %}


{% macro _grouped(model, expression, group_by, row_condition) -%}
    select
        {%- for column in group_by or [] %}
        {{ column }} as col_{{ loop.index }},
        {%- endfor %}
        {{ expression }} as expression
    from {{ model }}
    {%- if row_condition %}
    where {{ row_condition }}
    {%- endif %}
    {%- if group_by %}
    group by {{ group_by | join(", ") }}
    {%- endif %}
{%- endmacro %}
