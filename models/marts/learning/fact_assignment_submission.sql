-- One row per attempt of a person at an assignment.
{{
    config(
        materialized='incremental',
        unique_key='submission_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['submission_id'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['submission_id'], 'owner': 'data-team'},
    )
}}

-- the load number of a row is the newest among everything it is made of
with submissions as (

    select * from {{ ref('int_moodle__assignment_submissions') }}
    where {{ arrived_since_last_build() }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

judged as (

    select
        *,
        coalesce(submitted_at, created_at) as happened_at,
        submitted_at is not null as is_submitted,
        case when submitted_at is not null then coalesce(submitted_at > due_at, false) end
            as is_late,
        -- Moodle's rule: a mark from before the last hand-in is not about it
        coalesce(graded_at > submitted_at, false) as is_mark_of_hand_in
    from submissions

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['judged.submission_id']) }} as submission_key,
        judged.submission_id,
        judged.assign_id,
        judged.activity_id,
        coalesce(activities.activity_key, {{ version_key('judged.activity_id') }}) as activity_key,
        judged.course_id,
        coalesce(courses.course_key, {{ version_key('judged.course_id') }}) as course_key,
        judged.student_hash,
        coalesce(learners.learner_key, {{ version_key('judged.student_hash') }}) as learner_key,
        coalesce({{ date_key(local_date('judged.happened_at')) }}, 0) as date_key,

        ---------- states
        judged.attempt_no::integer as attempt_no,
        judged.status,
        judged.is_latest,
        judged.is_submitted,
        judged.is_team,

        ---------- hand-in
        judged.submitted_at,
        judged.due_at,
        judged.is_late,
        case
            when judged.is_late
                then extract(epoch from judged.submitted_at - judged.due_at) / 3600
        end::numeric(12, 2) as lateness_hours,

        ---------- mark
        judged.graded_at,
        case
            when judged.is_mark_of_hand_in
                then extract(epoch from judged.graded_at - judged.submitted_at) / 3600
        end::numeric(12, 2) as turnaround_hours,
        judged.grade,
        judged.max_grade,
        (100 * judged.grade / judged.max_grade)::numeric(10, 4) as grade_pct,
        judged.is_released,
        judged.is_submitted
        and judged.is_latest
        and not judged.is_deleted
        and not judged.is_mark_of_hand_in as is_awaiting_mark,

        ---------- bookkeeping
        judged.is_deleted,
        judged._load_id,
        judged._loaded_at
    from judged
    left join learners
        on
            judged.student_hash = learners.student_hash
            and {{ valid_at('learners', 'judged.happened_at', 'judged._loaded_at') }}
    left join courses
        on
            judged.course_id = courses.course_id
            and {{ valid_at('courses', 'judged.happened_at', 'judged._loaded_at') }}
    left join activities
        on
            judged.activity_id = activities.activity_id
            and {{ valid_at('activities', 'judged.happened_at', 'judged._loaded_at') }}

)

select * from final
