-- One row per enrolment of a person in a course by one enrolment method.
with source as (

    select * from {{ source('moodle', 'mdl_user_enrolments') }}

),

final as (

    select
        ---------- ids
        id as enrolment_id,
        enrolid as enrolment_method_id,
        userid as user_id,
        modifierid as modified_by_user_id,
        ---------- states
        status as status_code,
        (status = 1) as is_suspended,
        ---------- timestamps
        {{ epoch_to_timestamp('timestart') }} as starts_at,
        {{ epoch_to_timestamp('timeend') }} as ends_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
