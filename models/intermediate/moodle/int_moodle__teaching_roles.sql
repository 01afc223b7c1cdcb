-- One row per role assignment that exists now and whose role teaches.
with role_assignments as (

    select * from {{ ref('stg_moodle__role_assignments') }}
    where not is_deleted

),

-- by archetype: ids and short names of roles differ from site to site
roles as (

    select * from {{ ref('stg_moodle__role') }}
    where role_archetype in ('editingteacher', 'teacher')

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        role_assignments.role_assignment_id,
        role_assignments.user_id,
        pseudonyms.student_hash,
        role_assignments.context_id,
        roles.role_short_name as role_shortname,
        roles.sort_order as role_rank,
        role_assignments.modified_at as assigned_at
    from role_assignments
    cross join site
    inner join roles on role_assignments.role_id = roles.role_id
    inner join pseudonyms on role_assignments.user_id::text = pseudonyms.source_user_id
    where role_assignments.user_id <> site.guest_user_id

)

select * from final
