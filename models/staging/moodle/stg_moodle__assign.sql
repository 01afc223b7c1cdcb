-- One row per assignment.
with source as (

    select * from {{ source('moodle', 'mdl_assign') }}

),

final as (

    select
        ---------- ids
        id as assign_id,
        course as course_id,
        teamsubmissiongroupingid as team_grouping_id,
        ---------- properties
        name as activity_name,
        attemptreopenmethod as reopen_method,
        maxattempts as attempts_allowed_count,
        (nosubmissions = 1) as is_offline,
        (submissiondrafts = 1) as has_drafts,
        (teamsubmission = 1) as is_team_submission,
        (requireallteammemberssubmit = 1) as is_every_member_required,
        (blindmarking = 1) as is_blind_marking,
        (revealidentities = 1) as is_identity_revealed,
        (markingworkflow = 1) as has_marking_workflow,
        (markingallocation = 1) as has_marker_allocation,
        ---------- amounts
        grade as max_grade,
        timelimit as time_limit_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('allowsubmissionsfromdate') }} as opens_at,
        {{ epoch_to_timestamp('duedate') }} as due_at,
        {{ epoch_to_timestamp('cutoffdate') }} as closes_at,
        {{ epoch_to_timestamp('gradingduedate') }} as grading_due_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
