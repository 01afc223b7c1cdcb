-- One row per event of a person or of the site, with the session it belongs to.
{{
    config(
        materialized='incremental',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['student_hash', 'ts']},
            {'columns': ['session_id']},
            {'columns': ['activity_id', 'chapter_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

-- depends_on: {{ ref('int_moodle__activity_places') }}
-- depends_on: {{ ref('int_learning__activity_versions') }}
-- depends_on: {{ ref('int_learning__chapter_versions') }}

{%- set chapter_columns = ['chapter_id', 'chapter_key'] %}
{%- set columns = [
    'event_key', 'event_id', 'source', 'student_hash', 'learner_key', 'course_id', 'course_key',
    'activity_id', 'activity_key', 'event_name', 'verb', 'component', 'action', 'target',
    'object_table', 'object_id', 'crud', 'edulevel', 'origin', 'scroll_depth',
    'reported_seconds', 'is_login_as', 'is_anonymous', 'is_restored', 'is_misdated',
    'is_session_event', 'is_engagement_event', 'ts', '_load_id', '_loaded_at',
] %}

with source_events as (

    select * from {{ ref('int_learning__versioned_events') }}

),

new_events as (

    select {{ (columns + chapter_columns) | join(', ') }} from source_events
    where {{ arrived_since_last_build() }}

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
        ---------- keys
        event_key,
        learner_key,
        course_key,
        activity_key,
        chapter_key,
        case
            when is_misdated then 0
            else coalesce({{ date_key(local_date('ts')) }}, 0)
        end as date_key,

        ---------- ids
        event_id,
        source,
        student_hash,
        course_id,
        activity_id,
        chapter_id,
        session_id,

        ---------- what happened
        event_name,
        verb,
        component,
        action,
        target,
        object_table,
        object_id,
        crud,
        edulevel,
        origin,
        dwell_seconds,
        reported_seconds,
        scroll_depth,

        ---------- classification
        is_login_as,
        is_anonymous,
        is_restored,
        is_misdated,
        is_session_event,
        is_session_start,
        is_engagement_event,

        ---------- timestamps
        ts,

        ---------- bookkeeping: a re-opened event arrives anew for the models behind this one
        {% if is_incremental() %}
            (select max(arrived._load_id) from arrived) as _load_id,
        {% else %}
            _load_id,
        {% endif %}
        _loaded_at
    from sessionized

)

select * from final
