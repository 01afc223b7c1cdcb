{#- Tests of values: limits, sequences, ranges that exclude each other. -#}

{#- Null lies in every range. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) -%}
select *
from {{ model }}
where
    false
    {%- if min_value is not none %}
    or not {{ column_name }} >{{ "=" if inclusive }} {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or not {{ column_name }} <{{ "=" if inclusive }} {{ max_value }}
    {%- endif %}
{%- endtest %}


{#- With a column, the expression is what stands behind its name. Null is not false and passes. -#}
{% test expression_is_true(model, expression, column_name=none) -%}
select {{ "*" if should_store_failures() else 1 }}
from {{ model }}
where not ({{ column_name or "" }} {{ expression }})
{%- endtest %}


{% test not_accepted_values(model, column_name, values, quote=true) -%}
{%- set quoted = "'" if quote else "" -%}
select distinct {{ column_name }} as value_field
from {{ model }}
where
    {{ column_name }} in ({{ quoted }}{{ values | join(quoted ~ ", " ~ quoted) }}{{ quoted }})
{%- endtest %}


{% test not_empty_string(model, column_name, trim_whitespace=true) -%}
select {{ column_name }}
from {{ model }}
where {{ "trim(" ~ column_name ~ ")" if trim_whitespace else column_name }} = ''
{%- endtest %}


{#- `gaps`: allowed, not_allowed (a range ends where the next begins) or required. -#}
{% test mutually_exclusive_ranges(
    model, lower_bound_column, upper_bound_column, partition_by=none, gaps="allowed",
    zero_length_range_allowed=false
) -%}
{%- set operators = {"allowed": "<=", "not_allowed": "=", "required": "<"} -%}
{%- if gaps not in operators -%}
    {{ exceptions.raise_compiler_error(
        "gaps is one of " ~ operators | join(", ") ~ ", not " ~ gaps
    ) }}
{%- endif -%}
{%- set partition = "partition by " ~ partition_by if partition_by else "" -%}
with ranges as (

    select
        {%- if partition_by %}
        {{ partition_by }} as partition_by_col,
        {%- endif %}
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over in_order as next_lower_bound,
        lead(true) over in_order is null as is_last
    from {{ model }}
    window
        in_order as (
            {{ partition }} order by {{ lower_bound_column }}, {{ upper_bound_column }}
        )

)

select *
from ranges
where
    not coalesce(lower_bound {{ "<=" if zero_length_range_allowed else "<" }} upper_bound, false)
    or not coalesce(upper_bound {{ operators[gaps] }} next_lower_bound, is_last)
{%- endtest %}


{#- Each value, in order, is the one before it plus `interval` (`datepart`s of a date). -#}
{% test sequential_values(
    model, column_name, interval=1, datepart=none, group_by_columns=[]
) -%}
with neighbours as (

    select
        {%- for column in group_by_columns %}
        {{ column }},
        {%- endfor %}
        {{ column_name }} as value,
        lag({{ column_name }}) over (
            {{ "partition by " ~ group_by_columns | join(", ") if group_by_columns }}
            order by {{ column_name }}
        ) as previous_value
    from {{ model }}

)

select *
from neighbours
where
    {%- if datepart %}
    not (
        cast(value as {{ dbt.type_timestamp() }})
        = cast({{ dbt.dateadd(datepart, interval, "previous_value") }} as {{ dbt.type_timestamp() }})
    )
    {%- else %}
    not (value = previous_value + {{ interval }})
    {%- endif %}
{%- endtest %}
