-- One row per record that kept its contract, copies included: which event it is and when it came.
{%- set topics = [
    'user.events', 'assessment.events', 'learning.progress', 'clickstream', 'quiz', 'video',
    'clicks', 'cart', 'purchase', 'meeting.events', 'proctoring.violations', 'moodle.webhooks',
] %}

with final as (

    {% for topic in topics %}
        select
            '{{ topic }}'::text as topic,
            event_id,
            lane,
            source_partition,
            source_offset,
            occurred_at,
            _load_id,
            _loaded_at
        from {{ ref('stg_events__' ~ topic | replace('.', '_')) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
