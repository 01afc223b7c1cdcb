-- One row per assignment, person and attempt with a marking record.
with source as (

    select * from {{ source('moodle', 'mdl_assign_grades') }}

),

final as (

    select
        ---------- ids
        id as assign_grade_id,
        assignment as assign_id,
        userid as user_id,
        grader as grader_user_id,
        ---------- states
        attemptnumber as attempt_number,
        ---------- amounts
        grade,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
