{#- Are two tables the same? -#}

{#- Distinct rows that only one of two tables has, of all columns or of those named. -#}
{% test equality(
    model, compare_model, compare_columns=none, exclude_columns=none, precision=none
) -%}
{{ config(fail_calc=
    "count(*) + coalesce(abs(count(*) filter (where which_diff = 'a_minus_b')"
    " - count(*) filter (where which_diff = 'b_minus_a')), 0)"
) }}
{%- if compare_columns and exclude_columns -%}
    {{ exceptions.raise_compiler_error("Give compare_columns or exclude_columns, not both.") }}
{%- endif -%}
{%- if execute -%}
{%- set compared = dbt_utils._compared(model, compare_columns, exclude_columns, precision) -%}
{%- if not compare_columns
    and dbt_utils._names(model, exclude_columns) != dbt_utils._names(compare_model, exclude_columns)
-%}
    {{ exceptions.raise_compiler_error(
        model ~ " and " ~ compare_model ~ " differ in their columns: "
        "give compare_columns or exclude_columns"
    ) }}
{%- endif -%}
with a as (

    select * from {{ model }}

),

b as (

    select * from {{ compare_model }}

)

{{ dbt_utils._differences(compared) }}
{%- endif -%}
{%- endtest %}


{% macro _names(model, exclude_columns) -%}
    {{ return(dbt_utils.get_filtered_columns_in_relation(model, exclude_columns or []) | sort) }}
{%- endmacro %}


{#- Select list of what is compared, numbers with a fraction rounded to `precision` digits. -#}
{% macro _compared(model, compare_columns, exclude_columns, precision) -%}
    {%- if compare_columns and not precision -%}
        {{ return(compare_columns | join(", ")) }}
    {%- endif -%}
    {%- set wanted = compare_columns | map("lower") | list if compare_columns else none -%}
    {%- set left_out = exclude_columns | map("lower") | list if exclude_columns else [] -%}
    {%- set compared = [] -%}
    {%- for column in adapter.get_columns_in_relation(model) -%}
        {%- set name = column.name | lower -%}
        {%- if (wanted is none or name in wanted) and name not in left_out -%}
            {%- if precision and (column.is_float() or column.is_numeric()) -%}
                {%- set rounded = "round(" ~ column.quoted ~ "::numeric, " ~ precision ~ ")" -%}
                {%- do compared.append(rounded ~ " as " ~ column.quoted) -%}
            {%- else -%}
                {%- do compared.append(column.quoted) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(compared | join(", ")) }}
{%- endmacro %}
