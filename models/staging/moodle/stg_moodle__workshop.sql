-- One row per workshop.
with source as (

    select * from {{ source('moodle', 'mdl_workshop') }}

),

final as (

    select
        ---------- ids
        id as workshop_id,
        course as course_id,
        ---------- properties
        name as activity_name,
        phase as phase_code,
        strategy as grading_strategy,
        (useselfassessment = 1) as has_self_assessment,
        (latesubmissions = 1) as is_late_work_accepted,
        ---------- amounts
        grade as max_grade,
        gradinggrade as max_assessment_grade,
        ---------- timestamps
        {{ epoch_to_timestamp('submissionstart') }} as opens_at,
        {{ epoch_to_timestamp('submissionend') }} as closes_at,
        {{ epoch_to_timestamp('assessmentstart') }} as assessment_opens_at,
        {{ epoch_to_timestamp('assessmentend') }} as assessment_closes_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
