{#-
    The periods in which something held that comes and goes, such as a membership: the versions
    of its snapshot without those in which it is gone. Unlike a dimension it has gaps, nothing is
    current once it ended, and it does not reach back to 1970 but to `began_at`, the source's own
    word for the beginning, if the first snapshot found one.
-#}
{% macro membership_periods(snapshot, key, began_at) -%}
    select
        versions.*,
        case
            when versions.valid_from = timestamptz '1970-01-01 00:00:00+00'
                then least(
                    coalesce(versions.{{ began_at }}, versions.valid_from), versions.dbt_valid_from
                )
            else versions.valid_from
        end as held_from
    from ({{ scd2_versions(snapshot, key) }}) as versions
    where not versions.is_deleted
{%- endmacro %}
