-- One row per event of a person or of the site, with the session it belongs to.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['student_hash', 'ts']},
            {'columns': ['session_id']},
            {'columns': ['activity_id', 'chapter_id']},
            {'columns': ['_load_id']},
            {'columns': ['topic', '_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

-- depends_on: {{ ref('int_moodle__activity_places') }}
-- depends_on: {{ ref('int_learning__activity_versions') }}
-- depends_on: {{ ref('int_learning__chapter_versions') }}

{%- set chapter_columns = ['chapter_id', 'chapter_key'] %}
{%- set topics = [
    'user.events', 'assessment.events', 'learning.progress', 'clickstream', 'quiz', 'video',
] %}
{#- in order: keys and ids; what happened; how; what the source measured; what it counts for -#}
{%- set event_columns = [
    'event_key', 'learner_key', 'course_key', 'activity_key', 'event_id', 'source', 'topic',
    'student_hash', 'course_id', 'activity_id', 'source_session_id', 'source_object_id',
    'source_parent_id', 'subject', 'event_name', 'verb', 'component', 'action', 'target',
    'object_table', 'object_id', 'crud', 'edulevel', 'page', 'origin', 'device_type', 'ip_geo',
    'scroll_depth', 'duration_seconds', 'reported_seconds', 'video_length_seconds',
    'watched_from_seconds', 'watched_to_seconds', 'score', 'max_score', 'is_correct',
    'attempt_no', 'is_login_as', 'is_anonymous', 'is_restored', 'is_error', 'is_misdated',
    'is_session_event', 'is_engagement_event', 'ts', '_first_load_id', '_load_id', '_loaded_at',
] %}
{%- set columns = event_columns + ['_moved_from'] %}

with source_events as (

    select * from {{ ref('int_learning__versioned_events') }}

),

later_copies as (

    {{ later_copies(
        ref('int_events__arrivals'), only="topic in ('" ~ topics | join("', '") ~ "')"
    ) }}

),

new_events as (

    select
        events.{{ event_columns | join(', events.') }},
        earlier._moved_from,
        events.{{ chapter_columns | join(', events.') }}
    from source_events as events
    left join lateral (
        {{ earlier_copy('events') }}
    ) as earlier on true
    where
        {{ arrived_since_last_build('events') }}
        -- of an event the first arrival counts, of a row of Moodle's log the last one
        and not exists (
            select 1
            from later_copies
            where
                events.topic = later_copies.topic
                and events.source = later_copies.lane
                and events.source_partition = later_copies.source_partition
                and events.source_offset = later_copies.source_offset
        )
        and (events.topic is null or earlier.event_key is null)

),

arrived as (

    select * from new_events
    {% if is_incremental() %}
        union all
        {{ events_of_late_activities('new_events', columns) }}
    {% endif %}

),

affected as (

    select * from arrived
    {% if is_incremental() %}
        union all
        {{ reopened_events('arrived', columns + chapter_columns, only='is_session_event') }}
    {% endif %}

),

sessionized as (

    {{ sessionize('affected', only='is_session_event', reported='runs.reported_seconds') }}

),

final as (

    select
        {{ (columns + chapter_columns) | reject('equalto', '_load_id') | join(', ') }},
        case
            when is_misdated then 0
            else coalesce({{ date_key(local_date('ts')) }}, 0)
        end as date_key,
        session_id,
        session_started_at,
        is_session_start,
        dwell_seconds,
        -- a re-opened event arrives anew for the models behind this one
        {% if is_incremental() %}
            (select max(arrived._load_id) from arrived) as _load_id
        {% else %}
            _load_id
        {% endif %}
    from sessionized

)

select * from final
