-- One row per record of a topic that tells of learning, copies included, in shared columns.
{%- set columns = {
    'source_session_id': 'text', 'course_code': 'text', 'chapter_code': 'text', 'page': 'text',
    'object_id': 'text', 'parent_id': 'text', 'subject': 'text', 'status_code': 'smallint',
    'duration_seconds': 'numeric', 'scroll_depth': 'numeric', 'device': 'text',
    'video_length_seconds': 'numeric', 'watched_from_seconds': 'numeric',
    'watched_to_seconds': 'numeric', 'score': 'numeric', 'max_score': 'numeric',
    'is_correct': 'boolean', 'attempt_no': 'integer',
} %}
{#- what each topic has of these; a text names the column of its staging view -#}
{%- set tracker = [
    'source_session_id', 'course_code', 'chapter_code', 'page', 'duration_seconds', 'device',
] %}
{%- set scores = ['score', 'max_score', 'is_correct', 'attempt_no'] %}
{%- set stretches = ['video_length_seconds', 'watched_from_seconds', 'watched_to_seconds'] %}
{%- set topics = {
    'user.events': {
        'has': ['source_session_id', 'course_code', 'page', 'status_code', 'device'],
        'duration_seconds': 'trim_scale(duration_ms / 1000)',
    },
    'assessment.events': {
        'has': ['course_code', 'score', 'max_score', 'attempt_no', 'duration_seconds'],
        'object_id': 'assessment_id',
    },
    'learning.progress': {
        'has': ['course_code', 'subject', 'score'],
        'event_type': "coalesce(status, 'in_progress')",
        'object_id': 'lesson_id',
        'duration_seconds': 'trim_scale(time_spent_minutes * 60)',
    },
    'clickstream': {'has': tracker + ['scroll_depth']},
    'quiz': {'has': tracker + scores, 'object_id': 'question_id', 'parent_id': 'quiz_id'},
    'video': {'has': tracker + stretches, 'object_id': 'video_id'},
} %}

with final as (

    {% for topic, given in topics.items() %}
        select
            ---------- ids
            '{{ topic }}'::text as topic,
            event_id,
            person_system,
            person_id,
            {{ given.get('event_type', 'event_type') }} as event_type,

            ---------- what the topic knows
            {% for column, type in columns.items() %}
                {{ given.get(column, column if column in given['has'] else 'null') }}::{{ type }}
                    as {{ column }},
            {% endfor %}
            collector_device_class,
            ip_network,

            ---------- timestamps
            occurred_at,
            produced_at,

            ---------- bookkeeping
            lane,
            source_partition,
            source_offset,
            _load_id,
            _loaded_at
        from {{ ref('stg_events__' ~ topic | replace('.', '_')) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
