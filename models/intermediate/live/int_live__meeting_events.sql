-- One row per event of a meeting, the first of its copies, pseudonymised.
{{
    config(
        materialized='incremental',
        event_time='ts',
        unique_key='event_key',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['event_key'], 'unique': true},
            {'columns': ['meeting_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['event_id'], 'owner': 'data-team'},
    )
}}

with records as (

    select
        {{ surrogate_key(['event_id']) }} as event_key,
        *
    from {{ ref('stg_events__meeting_events') }}
    where {{ arrived_since_last_build() }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}

),

-- of an event that arrived more than once the first arrival counts
first_copies as (

    select distinct on (event_key) *
    from records
    order by event_key, _load_id, lane, source_partition, source_offset

),

final as (

    select
        ---------- ids
        copies.event_key,
        copies.event_id,
        copies.meeting_id,
        copies.classroom_id,
        {{ event_course_id('copies.course_code', 'null::text') }} as course_id,
        {{ event_student_hash('pseudonyms', 'copies') }} as student_hash,

        ---------- what happened
        copies.event_type,
        copies.participant_count,
        copies.duration_minutes,
        {{ is_misdated('copies.occurred_at', 'copies._loaded_at') }} as is_misdated,

        ---------- timestamps
        copies.occurred_at as ts,

        ---------- bookkeeping
        copies._load_id,
        copies._loaded_at
    from first_copies as copies
    left join pseudonyms
        on
            copies.person_system = pseudonyms.source_system
            and copies.person_id = pseudonyms.source_user_id
    {% if is_incremental() %}
        where not exists (
            select 1 from {{ this }} as known
            where known.event_key = copies.event_key
        )
    {% endif %}

)

select * from final
