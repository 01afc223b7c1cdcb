-- Freshness by group: a consumer that hangs on one partition leaves the learners of that partition
-- behind while the topic looks fresh. Only topics of many events have some in every partition
-- every day.
{{ config(severity='warn', store_failures=true) }}

with events as (

    {% for topic in ['user_events', 'clickstream', 'video'] %}
        select
            '{{ topic }}' as topic,
            source_partition,
            max(produced_at) as produced_at
        from {{ ref('stg_events__' ~ topic) }}
        where lane = 'kafka'
        group by source_partition
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

compared as (

    select
        *,
        max(produced_at) over (partition by topic) as newest_at
    from events

)

select
    topic,
    source_partition,
    produced_at,
    newest_at
from compared
where produced_at < newest_at - interval '1 day'
