-- One row per person, activity and kind of evidence that shows when it was first done.
with submissions as (

    select * from {{ ref('int_moodle__assignment_submissions') }}
    where not is_deleted

),

teams as (

    select * from {{ ref('int_moodle__assignment_teams') }}

),

team_submissions as (

    select * from {{ ref('int_moodle__team_submissions') }}
    where submitted_at is not null

),

assigns as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'assign'

),

quiz_attempts as (

    select * from {{ ref('stg_moodle__quiz_attempts') }}
    where not is_deleted and not is_preview

),

quizzes as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'quiz'

),

completions as (

    select * from {{ ref('stg_moodle__course_modules_completion') }}
    where not is_deleted

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

evidence_by_user as (

    -- members without a row of their own handed in with their team
    select
        assigns.activity_id,
        teams.user_id,
        'submission' as evidence,
        team_submissions.submitted_at as done_at
    from team_submissions
    inner join teams
        on
            team_submissions.assign_id = teams.assign_id
            and team_submissions.team_group_id = teams.team_group_id
    inner join assigns on team_submissions.assign_id = assigns.instance_id

    union all

    -- submitted: handed in but not yet marked, since Moodle 5.0
    select
        quizzes.activity_id,
        quiz_attempts.user_id,
        'attempt' as evidence,
        quiz_attempts.finished_at as done_at
    from quiz_attempts
    inner join quizzes on quiz_attempts.quiz_id = quizzes.instance_id
    where quiz_attempts.attempt_state in ('finished', 'submitted')

    union all

    -- 1 complete, 2 passed, 3 failed: done in any case
    select
        activity_id,
        user_id,
        'completion' as evidence,
        modified_at as done_at
    from completions
    where completion_state_code in (1, 2, 3)

),

evidence_by_person as (

    select
        activity_id,
        student_hash,
        'submission' as evidence,
        submitted_at as done_at
    from submissions
    where submitted_at is not null

    union all

    select
        evidence_by_user.activity_id,
        {{ student_hash('pseudonyms', 'moodle', 'evidence_by_user.user_id') }} as student_hash,
        evidence_by_user.evidence,
        evidence_by_user.done_at
    from evidence_by_user
    left join pseudonyms on pseudonyms.source_user_id = evidence_by_user.user_id::text

),

final as (

    select
        activity_id,
        student_hash,
        evidence,
        min(done_at) as done_at
    from evidence_by_person
    where activity_id is not null
    group by activity_id, student_hash, evidence

)

select * from final
