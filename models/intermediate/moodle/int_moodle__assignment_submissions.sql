-- One row per attempt of a person at an assignment, with the person's own deadline and the mark.
with submissions as (

    select * from {{ ref('stg_moodle__assign_submission') }}

),

assigns as (

    select * from {{ ref('stg_moodle__assign') }}

),

teams as (

    select * from {{ ref('int_moodle__assignment_teams') }}

),

team_submissions as (

    select * from {{ ref('int_moodle__team_submissions') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'assign'

),

exceptions as (

    select * from {{ ref('int_moodle__due_date_exceptions') }}
    where module_name = 'assign'

),

-- a mark of -1 is a marking record without a mark
marks as (

    select
        assign_id,
        user_id,
        attempt_number,
        max(grade) filter (where not is_deleted and grade >= 0) as grade,
        max(modified_at) filter (where not is_deleted and grade >= 0) as graded_at,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from {{ ref('stg_moodle__assign_grades') }}
    group by assign_id, user_id, attempt_number

),

workflows as (

    select
        assign_id,
        user_id,
        max(workflow_state) filter (where not is_deleted) as workflow_state,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from {{ ref('stg_moodle__assign_user_flags') }}
    group by assign_id, user_id

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        ---------- ids
        submissions.assign_submission_id as submission_id,
        submissions.assign_id,
        activities.activity_id,
        coalesce(assigns.course_id, activities.course_id) as course_id,
        {{ student_hash('pseudonyms', 'moodle', 'submissions.user_id') }} as student_hash,

        ---------- states and marks
        submissions.attempt_number + 1 as attempt_no,
        submissions.submission_status as status,
        submissions.is_latest,
        assigns.is_team_submission as is_team,
        not assigns.has_marking_workflow
        or coalesce(workflows.workflow_state, '') = 'released' as is_released,
        marks.grade::numeric(10, 5) as grade,
        case when assigns.max_grade > 0 then assigns.max_grade end::numeric(10, 5) as max_grade,
        submissions.created_at,
        -- a team hands in for all its members; Moodle marks the row of who pressed the key only
        case
            when team_submissions.is_known then team_submissions.submitted_at
            when submissions.submission_status = 'submitted' then submissions.modified_at
        end as submitted_at,
        coalesce(exceptions.due_at, assigns.due_at) as due_at,
        marks.graded_at,

        ---------- bookkeeping
        submissions.is_deleted,
        greatest(
            submissions._load_id, assigns._load_id, activities._load_id, exceptions._load_id,
            marks._load_id, workflows._load_id, teams._load_id, team_submissions._load_id
        ) as _load_id,
        greatest(
            submissions._loaded_at, assigns._loaded_at, activities._loaded_at,
            exceptions._loaded_at, marks._loaded_at, workflows._loaded_at, teams._loaded_at,
            team_submissions._loaded_at
        ) as _loaded_at
    from submissions
    cross join site
    left join assigns on submissions.assign_id = assigns.assign_id
    left join teams
        on submissions.assign_id = teams.assign_id and submissions.user_id = teams.user_id
    left join team_submissions
        on
            submissions.assign_id = team_submissions.assign_id
            and teams.team_group_id = team_submissions.team_group_id
            and submissions.attempt_number = team_submissions.attempt_number
    left join activities on submissions.assign_id = activities.instance_id
    left join exceptions
        on
            submissions.assign_id = exceptions.instance_id
            and submissions.user_id = exceptions.user_id
    left join marks
        on
            submissions.assign_id = marks.assign_id
            and submissions.user_id = marks.user_id
            and submissions.attempt_number = marks.attempt_number
    left join workflows
        on submissions.assign_id = workflows.assign_id and submissions.user_id = workflows.user_id
    left join pseudonyms on pseudonyms.source_user_id = submissions.user_id::text
    where submissions.user_id > 0 and submissions.user_id <> site.guest_user_id

)

select * from final
