{#- Tests that compare two tables. -#}

{% test relationships_where(
    model, column_name, to, field, from_condition="1=1", to_condition="1=1"
) -%}
with parents as (

    select {{ field }} as id
    from {{ to }}
    where
        {{ field }} is not null
        and {{ to_condition }}

),

children as (

    select {{ column_name }} as id
    from {{ model }}
    where
        {{ column_name }} is not null
        and {{ from_condition }}

)

select *
from children
where not exists (select from parents where parents.id = children.id)
{%- endtest %}


{#- Every value stands in as many rows of the one as of the other. -#}
{% test cardinality_equality(model, column_name, to, field) -%}
with a as (

    select
        {{ column_name }} as value,
        count(*) as num_rows
    from {{ model }}
    group by 1

),

b as (

    select
        {{ field }} as value,
        count(*) as num_rows
    from {{ to }}
    group by 1

)

{{ dbt_utils._differences("*") }}
{%- endtest %}


{#- Failures are the rows one has more than the other; without groups the tables as wholes. -#}
{% test equal_rowcount(model, compare_model, group_by_columns=[]) -%}
{{ config(fail_calc="sum(coalesce(diff_count, 0))") }}
{%- set groups = ["1 as every_row"] + group_by_columns -%}
with a as (

    select {{ (groups + ["count(*) as count_a"]) | join(", ") }}
    from {{ model }}
    group by {{ (["every_row"] + group_by_columns) | join(", ") }}

),

b as (

    select {{ (groups + ["count(*) as count_b"]) | join(", ") }}
    from {{ compare_model }}
    group by {{ (["every_row"] + group_by_columns) | join(", ") }}

)

select
    {%- for column in group_by_columns %}
    a.{{ column }} as {{ column }}_a,
    b.{{ column }} as {{ column }}_b,
    {%- endfor %}
    count_a,
    count_b,
    abs(count_a - count_b) as diff_count
from a
full outer join b
    on a.every_row = b.every_row
    {%- for column in group_by_columns %}
    and a.{{ column }} = b.{{ column }}
    {%- endfor %}
{%- endtest %}


{% macro _differences(columns) -%}
(
    select 'a_minus_b' as which_diff, only_a.*
    from (select {{ columns }} from a except select {{ columns }} from b) as only_a
)
union all
(
    select 'b_minus_a' as which_diff, only_b.*
    from (select {{ columns }} from b except select {{ columns }} from a) as only_b
)
{%- endmacro %}
