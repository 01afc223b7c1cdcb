-- One row per student and activity whose deadline falls into the student's time in the course.
with students as (

    select * from {{ ref('int_learning__course_learners') }}

),

deadlines as (

    select * from {{ ref('int_moodle__deadlines') }}

),

exceptions as (

    select * from {{ ref('int_moodle__due_date_exceptions') }}

),

hand_ins as (

    select * from {{ ref('int_moodle__hand_ins') }}

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

own_deadlines as (

    select
        students.student_hash,
        deadlines.course_id,
        deadlines.activity_id,
        deadlines.evidence,
        coalesce(exceptions.due_at, deadlines.due_at) as due_at
    from students
    inner join deadlines on students.course_id = deadlines.course_id
    left join exceptions
        on
            deadlines.module_name = exceptions.module_name
            and deadlines.instance_id = exceptions.instance_id
            and students.student_hash = exceptions.student_hash
    where
        coalesce(exceptions.due_at, deadlines.due_at)
        between students.first_began_at and students.last_enrolled_at

),

final as (

    select
        own_deadlines.student_hash,
        own_deadlines.course_id,
        own_deadlines.activity_id,
        own_deadlines.due_at,
        hand_ins.done_at,
        -- a later hand-in makes it late, but it was missed until then
        case
            when
                own_deadlines.due_at <= site.as_of
                and coalesce(hand_ins.done_at > own_deadlines.due_at, true)
                then own_deadlines.due_at
        end as missed_at
    from own_deadlines
    left join site on true
    left join hand_ins
        on
            own_deadlines.student_hash = hand_ins.student_hash
            and own_deadlines.activity_id = hand_ins.activity_id
            and own_deadlines.evidence = hand_ins.evidence

)

select * from final
