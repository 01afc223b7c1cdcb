-- One row per person with a role anywhere on the site: teaching, learning or both.
with role_assignments as (

    select * from {{ ref('stg_moodle__role_assignments') }}
    where not is_deleted

),

roles as (

    select * from {{ ref('stg_moodle__role') }}

),

final as (

    select
        role_assignments.user_id,
        -- by archetype: ids and short names of roles differ from site to site
        bool_or(roles.role_archetype = 'student') as is_student,
        bool_or(
            roles.role_archetype in ('manager', 'coursecreator', 'editingteacher', 'teacher')
        ) as is_staff
    from role_assignments
    inner join roles on role_assignments.role_id = roles.role_id
    group by role_assignments.user_id

)

select * from final
