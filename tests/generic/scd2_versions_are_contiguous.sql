{#- Type 2 dimension: per key no gap, no overlap, exactly one current version, and it is the last. -#}
{% test scd2_versions_are_contiguous(model, key) %}
with versions as (

    select
        {{ key }} as key,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from,
        count(*) filter (where is_current) over (partition by {{ key }}) as current_count
    from {{ model }}

)

select *
from versions
where
    valid_from >= valid_to
    or valid_to is distinct from coalesce(next_from, timestamptz '9999-12-31 00:00:00+00')
    or is_current <> (next_from is null)
    or current_count <> 1
{% endtest %}
