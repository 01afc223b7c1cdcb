-- One row per activity of a course: how many of its learners saw and completed it.
{{ config(meta={'grain': ['activity_id'], 'owner': 'data-team'}) }}

with activities as (

    select * from {{ ref('dim_activity') }}
    where is_current and activity_id is not null and is_known and not is_deleted

),

chapters as (

    select * from {{ ref('dim_chapter') }}
    where is_current

),

learners as (

    select * from {{ ref('fact_course_completion') }}
    where is_student and has_open_account

),

completions as (

    select * from {{ ref('fact_activity_completion') }}

),

grades as (

    select * from {{ ref('fact_grade') }}
    where is_current and not is_deleted and activity_id is not null

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

learners_of_courses as (

    select
        course_id,
        count(*)::integer as learners_count
    from learners
    group by course_id

),

progress as (

    select
        completions.activity_id,
        (count(*) filter (where completions.viewed))::integer as viewed_count,
        (count(*) filter (where completions.is_completed))::integer as completed_count
    from completions
    inner join learners
        on
            completions.student_hash = learners.student_hash
            and completions.course_id = learners.course_id
    group by completions.activity_id

),

graded as (

    select
        grades.activity_id,
        count(distinct grades.student_hash)::integer as graded_count,
        avg(grades.grade_pct)::numeric(7, 2) as average_grade_pct
    from grades
    inner join learners
        on
            grades.student_hash = learners.student_hash
            and grades.course_id = learners.course_id
    where grades.grade_pct is not null
    group by grades.activity_id

),

final as (

    select
        activities.activity_id,
        activities.course_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        activities.name as activity_name,
        activities.module_name,
        coalesce(chapters.name, 'no chapter') as chapter_name,
        chapters.sequence_no,
        activities.completion_rule,
        activities.due_at,
        learners_of_courses.learners_count,
        coalesce(progress.viewed_count, 0) as viewed_count,
        coalesce(progress.completed_count, 0) as completed_count,
        coalesce(graded.graded_count, 0) as graded_count,
        graded.average_grade_pct,
        learners_of_courses.learners_count < {{ var('min_cohort_size') }} as is_small
    from activities
    inner join course_names on activities.course_id = course_names.course_id
    inner join learners_of_courses on activities.course_id = learners_of_courses.course_id
    left join chapters on activities.chapter_id = chapters.chapter_id
    left join progress on activities.activity_id = progress.activity_id
    left join graded on activities.activity_id = graded.activity_id

)

select * from final
