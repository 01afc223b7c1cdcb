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

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

learner_versions as (

    select * from {{ ref('int_learning__learner_versions') }}

),

course_versions as (

    select * from {{ ref('int_learning__course_versions') }}

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

student_roles as (

    select * from {{ ref('int_moodle__course_roles') }}

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
        coalesce(learner_versions.learner_key, {{ version_key('enrolments.student_hash') }})
            as learner_key,
        enrolments.course_id,
        coalesce(course_versions.course_key, {{ version_key('enrolments.course_id') }})
            as course_key,
        coalesce({{ date_key(local_date('enrolments.enrolled_at')) }}, 0) as date_key,
        -- which order paid for it is known once the money lane exists
        null::text as order_key,

        ---------- what
        enrolments.enrol_method,
        case
            when enrolments.is_deleted then 'unenrolled'
            when enrolments.is_suspended then 'suspended'
            when not enrolments.is_method_enabled then 'method disabled'
            when learners.is_deleted or learners.is_suspended then 'account closed'
            when enrolments.starts_at > site.as_of then 'not started'
            when enrolments.ends_at <= site.as_of then 'ended'
            else 'active'
        end as status,
        coalesce(student_roles.is_student, false) as is_student,

        ---------- timestamps
        enrolments.enrolled_at,
        enrolments.starts_at,
        enrolments.ends_at,
        case when enrolments.is_deleted then enrolments._loaded_at end as unenrolled_at,
        accesses.first_access_at,
        accesses.last_access_at,

        ---------- measures
        {{ local_date('accesses.first_access_at') }} - {{ local_date('enrolments.enrolled_at') }}
            as days_to_first_access,

        ---------- bookkeeping
        enrolments._loaded_at
    from enrolments
    left join site on true
    left join learners on enrolments.student_hash = learners.student_hash
    left join student_roles
        on
            enrolments.user_id = student_roles.user_id
            and enrolments.course_id = student_roles.course_id
    left join learner_versions
        on
            enrolments.student_hash = learner_versions.student_hash
            and {{ valid_at(
                'learner_versions', 'enrolments.enrolled_at', 'enrolments._loaded_at'
            ) }}
    left join course_versions
        on
            enrolments.course_id = course_versions.course_id
            and {{ valid_at(
                'course_versions', 'enrolments.enrolled_at', 'enrolments._loaded_at'
            ) }}
    left join accesses on enrolments.enrolment_id = accesses.enrolment_id

)

select * from final
