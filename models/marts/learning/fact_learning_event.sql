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
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_key'], 'owner': 'data-team'},
    )
}}

{%- set columns = [
    'event_key', 'event_id', 'source', 'student_hash', 'course_id', 'activity_id', 'event_name',
    'component', 'action', 'target', 'object_table', 'object_id', 'crud', 'edulevel', 'origin',
    'is_login_as', 'is_anonymous', 'is_restored', 'is_misdated', 'is_session_event',
    'is_engagement_event', 'ts', '_load_id', '_loaded_at',
] %}

with source_events as (

    select * from {{ ref('int_moodle__learning_events') }}

),

events as (

    select
        source_events.*,
        {{ surrogate_key(['source', 'event_id']) }} as event_key
    from source_events

),

arrived as (

    select {{ columns | join(', ') }} from events
    where {{ arrived_since_last_build() }}

),

affected as (

    select * from arrived
    {% if is_incremental() %}
        union all
        {{ reopened_events('arrived', columns, only='is_session_event') }}
    {% endif %}

),

sessionized as (

    {{ sessionize('affected', only='is_session_event') }}

),

final as (

    select
        ---------- ids
        event_key,
        event_id,
        source,
        student_hash,
        course_id,
        activity_id,
        session_id,
        case
            when is_misdated is not true then {{ date_key(local_date('ts')) }}
        end as date_key,

        ---------- what happened
        event_name,
        component,
        action,
        target,
        object_table,
        object_id,
        crud,
        edulevel,
        origin,
        dwell_seconds,

        ---------- classification
        is_login_as,
        is_anonymous,
        is_restored,
        is_misdated,
        is_session_event,
        is_engagement_event,

        ---------- timestamps
        ts,

        ---------- bookkeeping: a re-opened event arrives anew for the models behind this one
        {% if is_incremental() %}
            (select max(arrived._load_id) from arrived) as _load_id,
            (select max(arrived._loaded_at) from arrived) as _loaded_at
        {% else %}
            _load_id,
            _loaded_at
        {% endif %}
    from sessionized

)

select * from final
