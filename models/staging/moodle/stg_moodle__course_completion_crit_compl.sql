-- One row per person and completion rule with a result.
with source as (

    select * from {{ source('moodle', 'mdl_course_completion_crit_compl') }}

),

final as (

    select
        ---------- ids
        id as criterion_completion_id,
        criteriaid as completion_criterion_id,
        course as course_id,
        userid as user_id,
        ---------- amounts
        gradefinal as final_grade,
        ---------- timestamps
        {{ epoch_to_timestamp('unenroled') }} as unenrolled_at,
        {{ epoch_to_timestamp('timecompleted') }} as completed_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
