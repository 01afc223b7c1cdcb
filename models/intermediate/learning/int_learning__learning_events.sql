-- One row per event as a source tells it: rows of Moodle's log, records of the event lane.
{#- what only one of the two knows; for the event lane with what it is in the log -#}
{%- set of_moodle = ['object_id', 'origin', 'is_login_as', 'is_anonymous', 'is_restored'] %}
{%- set of_events = {
    'topic': 'null::text', 'source_partition': 'null::integer', 'source_offset': 'null::bigint',
    'source_session_id': 'null::text', 'source_object_id': 'null::text',
    'source_parent_id': 'null::text', 'subject': 'null::text', 'page': 'null::text',
    'scroll_depth': 'null::numeric(5, 2)', 'duration_seconds': 'null::numeric(14, 6)',
    'reported_seconds': 'null::integer', 'video_length_seconds': 'null::numeric(12, 3)',
    'watched_from_seconds': 'null::numeric(12, 3)', 'watched_to_seconds': 'null::numeric(12, 3)',
    'score': 'null::numeric(12, 4)', 'max_score': 'null::numeric(12, 4)',
    'is_correct': 'null::boolean', 'attempt_no': 'null::integer', 'is_error': 'false',
} %}
{%- set shared = [
    'event_id', 'source', 'student_hash', 'course_id', 'activity_id', 'named_chapter_id',
    'event_name', 'verb', 'component', 'action', 'target', 'object_table', 'crud', 'edulevel',
    'device_type', 'ip_geo', 'is_misdated', 'is_session_event', 'is_engagement_event', 'ts',
    '_load_id', '_loaded_at',
] %}

with moodle_log as (

    select * from {{ ref('int_moodle__learning_events') }}

),

records as (

    select * from {{ ref('int_events__learning_events') }}

),

final as (

    select
        {% for column, value in of_events.items() %}
            {{ value }} as {{ column }},
        {% endfor %}
        {{ (shared + of_moodle) | join(', ') }}
    from moodle_log

    union all

    select
        {{ (of_events.keys() | list + shared) | join(', ') }},
        null::bigint as object_id,
        null::text as origin,
        false as is_login_as,
        false as is_anonymous,
        false as is_restored
    from records

)

select * from final
