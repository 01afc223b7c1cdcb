-- One row per piece of work in a workshop, examples included.
with source as (

    select * from {{ source('moodle', 'mdl_workshop_submissions') }}

),

final as (

    select
        ---------- ids
        id as workshop_submission_id,
        workshopid as workshop_id,
        authorid as user_id,
        gradeoverby as overridden_by_user_id,
        ---------- states
        (example = 1) as is_example,
        (published = 1) as is_published,
        (late = 1) as is_late,
        ---------- amounts
        grade,
        gradeover as override_grade,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        {{ epoch_to_timestamp('timegraded') }} as graded_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
