{#-
    Where copies of an event lie that arrived together with an earlier one: producers and lanes
    deliver at least once, and the first arrival counts. Only positions are sorted, not whole
    records. Copies of what a model has built already are told by its key.

    `arrivals`: relation of the topics' records with topic, event_id, lane, source_partition,
    source_offset and `_load_id`; `only`: condition that leaves the topics the model takes.
-#}
{% macro later_copies(arrivals, only='true') -%}
    select
        copies.topic,
        copies.lane,
        copies.source_partition,
        copies.source_offset
    from (
        select
            arrivals.*,
            row_number() over (
                partition by arrivals.topic, arrivals.event_id
                order by
                    arrivals._load_id,
                    arrivals.lane,
                    arrivals.source_partition,
                    arrivals.source_offset
            ) as copy_no
        -- in parentheses, because with --empty dbt puts an alias of its own behind a relation
        from (select * from {{ arrivals }}) as arrivals
        where {{ only }} and {{ arrived_since_last_build('arrivals') }}
    ) as copies
    -- of a range the planner expects few rows, of a lone bound a third of them
    where copies.copy_no between 2 and 2147483647
{%- endmacro %}
