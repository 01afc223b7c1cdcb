-- How many people learn, for how long and with what success in every branch of the catalogue?
with recursive categories as (

    select * from {{ ref('dim_course_category') }}
    where is_current and is_known and not is_deleted

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current and is_known and not is_deleted and not is_site_page

),

students as (

    select * from {{ ref('fact_course_completion') }}
    where is_student

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}

),

-- From the top down, so a damaged tree that runs in a circle is never entered. The node without
-- id above all others is the whole catalogue.
tree as (

    select
        null::bigint as category_id,
        'All courses' as name,
        0 as depth,
        array[null::bigint] as branch_ids,
        array[]::text[] as branch_names

    union all

    select
        categories.category_id,
        categories.name,
        tree.depth + 1 as depth,
        tree.branch_ids || categories.category_id as branch_ids,
        tree.branch_names || array[categories.name, categories.category_id::text] as branch_names
    from tree
    inner join categories
        on tree.category_id is not distinct from categories.parent_category_id

),

-- every course in its own category and in each above it; out of the tree it still is a course
course_branches as (

    select
        courses.course_id,
        branches.category_id
    from courses
    left join tree on courses.category_id = tree.category_id
    cross join lateral unnest(coalesce(tree.branch_ids, array[null::bigint]))
        as branches (category_id)

),

study as (

    select
        students.student_hash,
        students.course_id,
        students.completion_flag,
        coalesce(bool_or(days.engagement_events_count > 0), false) as is_active,
        coalesce(sum(days.dwell_seconds), 0) as time_spent_seconds
    from students
    left join days
        on
            students.student_hash = days.student_hash
            and students.course_id = days.course_id
    group by students.student_hash, students.course_id, students.completion_flag

),

-- people are counted anew at every level: who learns in two branches is one person above them
totals as (

    select
        course_branches.category_id,
        count(distinct course_branches.course_id) as courses_count,
        count(distinct study.student_hash) as learners_count,
        count(distinct study.student_hash) filter (where study.is_active)
            as active_learners_count,
        coalesce(sum(study.time_spent_seconds), 0) as time_spent_seconds,
        count(*) filter (where study.completion_flag) as completions_count
    from course_branches
    left join study on course_branches.course_id = study.course_id
    group by course_branches.category_id

),

final as (

    select
        tree.category_id,
        tree.depth,
        repeat('    ', tree.depth) || tree.name as category,
        coalesce(totals.courses_count, 0) as courses_count,
        coalesce(totals.learners_count, 0) as learners_count,
        coalesce(totals.active_learners_count, 0) as active_learners_count,
        coalesce(totals.time_spent_seconds, 0) as time_spent_seconds,
        coalesce(totals.completions_count, 0) as completions_count
    from tree
    left join totals on tree.category_id is not distinct from totals.category_id
    order by tree.branch_names

)

select * from final
