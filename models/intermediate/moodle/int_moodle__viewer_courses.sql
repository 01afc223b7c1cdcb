-- One row per account, course and group of it (null: all) whose learners the account may see.
{{ config(meta={'grain': ['login_hash', 'course_id', 'group_id'], 'owner': 'data-team'}) }}

with role_assignments as (

    select * from {{ ref('stg_moodle__role_assignments') }}
    where not is_deleted

),

-- by archetype: ids and short names of roles differ from site to site
roles as (

    select * from {{ ref('stg_moodle__role') }}
    where role_archetype in ('manager', 'editingteacher', 'teacher')

),

accounts as (

    select * from {{ ref('stg_moodle__user') }}
    where not is_deleted and not is_deleted_in_moodle and not is_suspended and not is_guest

),

courses as (

    select * from {{ ref('stg_moodle__course') }}
    where not is_deleted

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

memberships as (

    select * from {{ ref('int_moodle__group_members') }}

),

places as (

    select * from {{ ref('int_moodle__course_contexts') }}

),

-- in separate groups, code 1, a teacher who may not edit meets the own ones only
viewers as (

    select
        accounts.login_hash,
        pseudonyms.student_hash,
        courses.course_id,
        bool_or(
            roles.role_archetype <> 'teacher' or courses.group_mode_code <> 1
        ) as sees_all_groups
    from role_assignments
    inner join roles on role_assignments.role_id = roles.role_id
    inner join places on role_assignments.context_id::text = places.context_id
    inner join courses on places.course_id = courses.course_id
    inner join accounts on role_assignments.user_id = accounts.user_id
    inner join pseudonyms on accounts.user_id::text = pseudonyms.source_user_id
    group by accounts.login_hash, pseudonyms.student_hash, courses.course_id

),

entitled as (

    select
        login_hash,
        course_id,
        null::bigint as group_id
    from viewers
    where sees_all_groups

    union all

    select
        viewers.login_hash,
        viewers.course_id,
        memberships.group_id
    from viewers
    inner join memberships
        on
            viewers.student_hash = memberships.student_hash
            and viewers.course_id = memberships.course_id
    where not viewers.sees_all_groups

),

final as (

    select
        login_hash,
        course_id,
        group_id
    from entitled

)

select * from final
