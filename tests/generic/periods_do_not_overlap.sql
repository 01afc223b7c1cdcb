{#- Periods of validity that may have gaps: per key none overlaps the next, none is empty. -#}
{% test periods_do_not_overlap(model, key) %}
with periods as (

    select
        {{ key }} as key,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by {{ key }} order by valid_from) as next_from
    from {{ model }}

)

select *
from periods
where
    valid_from >= valid_to
    or valid_to > next_from
    or is_current <> (valid_to = timestamptz '9999-12-31 00:00:00+00')
{% endtest %}
