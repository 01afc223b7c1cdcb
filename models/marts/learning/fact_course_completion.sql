-- One row per person and course who is or was a student there, or has a completion record.
{{
    config(
        indexes=[
            {'columns': ['completion_key'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['course_id']},
        ],
        meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'},
    )
}}

with members as (

    select
        *,
        completed_at is not null and not is_deleted as completion_flag
    from {{ ref('int_learning__learner_courses') }}

),

progress as (

    select * from {{ ref('int_learning__course_progress') }}

),

-- a course has one total; should a broken gradebook have two, the newer one counts
course_grades as (

    select
        *,
        row_number() over (
            partition by student_hash, course_id
            order by grade_item_id desc
        ) as recency
    from {{ ref('fact_grade') }}
    where is_course_total and is_current

),

open_accounts as (

    select * from {{ ref('dim_learner') }}
    where is_current and not is_deleted and not is_suspended and not is_test_user

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['members.student_hash', 'members.course_id']) }} as completion_key,
        members.student_hash,
        coalesce(learners.learner_key, {{ version_key('members.student_hash') }}) as learner_key,
        members.course_id,
        coalesce(courses.course_key, {{ version_key('members.course_id') }}) as course_key,
        coalesce({{ date_key(local_date('members.enrolled_at')) }}, 0) as date_key,

        ---------- enrolment
        members.is_student,
        open_accounts.student_hash is not null as has_open_account,
        coalesce(members.enrollment_status = 'active', false) as is_enrolled,
        members.enrollment_status,
        members.enrolled_at,
        {{ local_date('least(site.as_of, members.unenrolled_at)') }}
        - {{ local_date('members.enrolled_at') }} as days_enrolled,

        ---------- course of study
        members.started_at,
        members.last_access_at,
        members.started_at is not null
        or members.completion_flag
        or coalesce(progress.completed_activities_count > 0, false) as is_started,
        progress.tracked_activities_count,
        progress.completed_activities_count,
        (100.0 * progress.completed_activities_count / progress.tracked_activities_count)::numeric(
            7, 4
        ) as progress_pct,

        ---------- completion
        members.completed_at,
        members.completion_flag,
        case
            when
                members.completion_flag
                and members.completed_at >= members.enrolled_at
                then
                    {{ local_date('members.completed_at') }}
                    - {{ local_date('members.enrolled_at') }}
        end as days_to_complete,
        members.has_completion_row,
        members.is_reaggregation_pending,
        members.is_deleted,

        ---------- grade
        course_grades.grade_pct as final_grade_pct,
        course_grades.is_passed as passed,

        ---------- bookkeeping
        members._loaded_at
    from members
    left join site on true
    left join open_accounts on members.student_hash = open_accounts.student_hash
    left join progress
        on
            members.student_hash = progress.student_hash
            and members.course_id = progress.course_id
    left join course_grades
        on
            members.student_hash = course_grades.student_hash
            and members.course_id = course_grades.course_id
            and course_grades.recency = 1
    left join learners
        on
            members.student_hash = learners.student_hash
            and {{ valid_at('learners', 'members.enrolled_at', 'members._loaded_at') }}
    left join courses
        on
            members.course_id = courses.course_id
            and {{ valid_at('courses', 'members.enrolled_at', 'members._loaded_at') }}

)

select * from final
