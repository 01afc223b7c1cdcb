{#-
    The versions of a type 2 dimension out of a model that has one for whatever was told of an
    object: those that differ in what the dimension tells. `valid_from` inclusive, `valid_to`
    exclusive, without gap or overlap per key. As with `scd2_versions` the first version reaches
    back to 1970: what came before it happened to the earliest state known.
-#}
{% macro scd2_changes(versions, key, attributes) -%}
    select
        {{ key }},
        {{ attributes | join(', ') }},
        case
            when row_number() over changes = 1 then timestamptz '1970-01-01 00:00:00+00'
            else valid_from
        end as valid_from,
        coalesce(
            lead(valid_from) over changes, timestamptz '9999-12-31 00:00:00+00'
        ) as valid_to,
        lead(valid_from) over changes is null as is_current
    from (
        select
            told.*,
            {%- for attribute in attributes %}
            lag(told.{{ attribute }}) over history as previous_{{ attribute }},
            {%- endfor %}
            row_number() over history = 1 as is_first
        -- in parentheses, because with --empty dbt puts an alias of its own behind a relation
        from (select * from {{ versions }}) as told
        window history as (partition by told.{{ key }} order by told.valid_from)
    ) as compared
    where
        is_first
        {%- for attribute in attributes %}
        or {{ attribute }} is distinct from previous_{{ attribute }}
        {%- endfor %}
    window changes as (partition by {{ key }} order by valid_from)
{%- endmacro %}
