{#-
    The versions a snapshot holds, as a type 2 dimension needs them: `valid_from` inclusive,
    `valid_to` exclusive, without gap or overlap per key. The first version reaches back to
    1970, because what happened before the first load happened to the earliest state known.
    A record deleted in the source keeps its last values in a version with `is_deleted`.
-#}
{% macro scd2_versions(snapshot, key) -%}
    select
        snapshot.*,
        case
            when row_number() over versions = 1 then timestamptz '1970-01-01 00:00:00+00'
            else snapshot.dbt_valid_from
        end as valid_from,
        coalesce(
            lead(snapshot.dbt_valid_from) over versions, timestamptz '9999-12-31 00:00:00+00'
        ) as valid_to,
        lead(snapshot.dbt_valid_from) over versions is null as is_current,
        snapshot.dbt_is_deleted::boolean as is_deleted
    -- in parentheses, because with --empty dbt puts an alias of its own behind a relation
    from (select * from {{ snapshot }}) as snapshot
    window versions as (partition by snapshot.{{ key }} order by snapshot.dbt_valid_from)
{%- endmacro %}
