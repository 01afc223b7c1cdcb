-- One row per person and course in which the person ever held a student's role.
with role_assignments as (

    select * from {{ ref('stg_moodle__role_assignments') }}

),

roles as (

    select * from {{ ref('stg_moodle__role') }}
    where role_archetype = 'student'

),

contexts as (

    select * from {{ ref('stg_moodle__context') }}
    where context_level = 50

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

final as (

    select
        {{ student_hash('pseudonyms', 'moodle', 'role_assignments.user_id') }} as student_hash,
        contexts.context_instance_id as course_id,
        bool_or(not role_assignments.is_deleted) as is_held
    from role_assignments
    inner join roles on role_assignments.role_id = roles.role_id
    inner join contexts on role_assignments.context_id = contexts.context_id
    left join pseudonyms on pseudonyms.source_user_id = role_assignments.user_id::text
    group by 1, 2

)

select * from final
