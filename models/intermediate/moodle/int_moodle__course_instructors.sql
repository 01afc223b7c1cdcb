-- One row per person, teaching role and course the role holds in now: what a snapshot watches.
with teaching_roles as (

    select * from {{ ref('int_moodle__teaching_roles') }}

),

places as (

    select * from {{ ref('int_moodle__course_contexts') }}

),

held as (

    select
        places.course_id,
        teaching_roles.student_hash,
        teaching_roles.role_shortname,
        min(teaching_roles.assigned_at) as assigned_at
    from teaching_roles
    inner join places on teaching_roles.context_id::text = places.context_id
    group by places.course_id, teaching_roles.student_hash, teaching_roles.role_shortname

),

final as (

    select
        {{ surrogate_key(['course_id', 'student_hash', 'role_shortname']) }}
            as course_instructor_id,
        course_id,
        student_hash,
        role_shortname,
        assigned_at
    from held

)

select * from final
