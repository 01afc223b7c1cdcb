-- One row per person and course in which the person holds a role given in that course.
with role_assignments as (

    select * from {{ ref('stg_moodle__role_assignments') }}
    where not is_deleted

),

roles as (

    select * from {{ ref('stg_moodle__role') }}

),

contexts as (

    select * from {{ ref('stg_moodle__context') }}
    where context_level = 50

),

final as (

    select
        role_assignments.user_id,
        contexts.context_instance_id as course_id,
        bool_or(roles.role_archetype = 'student') as is_student
    from role_assignments
    inner join roles on role_assignments.role_id = roles.role_id
    inner join contexts on role_assignments.context_id = contexts.context_id
    group by role_assignments.user_id, contexts.context_instance_id

)

select * from final
