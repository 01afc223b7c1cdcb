-- One row per enrolment of a person in a course by one method, those that ended included.
{{
    config(
        indexes=[
            {'columns': ['enrollment_key'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
        ],
        meta={'grain': ['enrollment_id'], 'owner': 'data-team'},
    )
}}

with enrolments as (

    select * from {{ ref('int_moodle__enrolments') }}

),

accounts as (

    select * from {{ ref('dim_learner') }}
    where is_current

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

-- the log knows when somebody was unenrolled, unless it was pruned or the course went as a whole
ended as (

    select * from {{ ref('int_learning__objects_seen') }}
    where object_type = 'ended enrolment'

),

orders as (

    select * from {{ ref('int_cross__enrolment_orders') }}

),

student_roles as (

    select * from {{ ref('int_moodle__student_roles') }}
    where is_held

),

days as (

    select * from {{ ref('int_learning__learner_course_days') }}
    where engagement_events_count > 0

),

accesses as (

    select
        enrolments.enrolment_id,
        min(greatest(days.first_event_at, enrolments.enrolled_at)) as first_access_at,
        max(days.last_event_at) as last_access_at
    from enrolments
    inner join days
        on
            enrolments.student_hash = days.student_hash
            and enrolments.course_id = days.course_id
            and enrolments.enrolled_at <= days.last_event_at
    group by enrolments.enrolment_id

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['enrolments.enrolment_id']) }} as enrollment_key,
        enrolments.enrolment_id as enrollment_id,
        enrolments.student_hash,
        coalesce(learners.learner_key, {{ version_key('enrolments.student_hash') }})
            as learner_key,
        enrolments.course_id,
        coalesce(courses.course_key, {{ version_key('enrolments.course_id') }}) as course_key,
        coalesce({{ date_key(local_date('enrolments.enrolled_at')) }}, 0) as date_key,
        orders.order_key,

        ---------- what
        enrolments.enrol_method,
        case
            when enrolments.is_deleted then 'unenrolled'
            when enrolments.is_suspended then 'suspended'
            when not enrolments.is_method_enabled then 'method disabled'
            when accounts.is_deleted or accounts.is_suspended then 'account closed'
            when enrolments.starts_at > site.as_of then 'not started'
            when enrolments.ends_at <= site.as_of then 'ended'
            else 'active'
        end as status,
        student_roles.student_hash is not null as is_student,

        ---------- timestamps, and days between them
        enrolments.enrolled_at,
        enrolments.starts_at,
        enrolments.ends_at,
        case when enrolments.is_deleted then coalesce(ended.last_seen_at, enrolments._loaded_at) end
            as unenrolled_at,
        accesses.first_access_at,
        accesses.last_access_at,
        {{ local_date('accesses.first_access_at') }} - {{ local_date('enrolments.enrolled_at') }}
            as days_to_first_access,

        ---------- bookkeeping
        enrolments._loaded_at
    from enrolments
    left join site on true
    left join accounts on enrolments.student_hash = accounts.student_hash
    left join student_roles
        on
            enrolments.student_hash = student_roles.student_hash
            and enrolments.course_id = student_roles.course_id
    left join learners
        on
            enrolments.student_hash = learners.student_hash
            and {{ valid_at('learners', 'enrolments.enrolled_at', 'enrolments._loaded_at') }}
    left join courses
        on
            enrolments.course_id = courses.course_id
            and {{ valid_at('courses', 'enrolments.enrolled_at', 'enrolments._loaded_at') }}
    left join ended on enrolments.enrolment_id = ended.object_id
    left join orders on enrolments.enrolment_id = orders.enrolment_id
    left join accesses on enrolments.enrolment_id = accesses.enrolment_id

)

select * from final
