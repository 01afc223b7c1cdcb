-- One row per account of a person, pseudonymised: the slowly changing part of it.
with users as (

    select * from {{ ref('stg_moodle__user') }}
    where not is_deleted

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

roles_held as (

    select * from {{ ref('int_moodle__roles_held') }}

),

cohorts as (

    select * from {{ ref('int_moodle__cohort_names') }}

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        pseudonyms.student_hash,
        users.auth as auth_method,
        nullif(users.country, '') as country,
        -- 99 is Moodle's word for "the server's zone"
        case
            when users.timezone in ('99', '') then site.site_timezone
            else users.timezone
        end as timezone,
        nullif(users.lang, '') as lang,
        users.is_confirmed,
        users.is_suspended,
        users.is_deleted_in_moodle,
        coalesce(roles_held.is_student, false) as is_student,
        coalesce(roles_held.is_staff, false) as is_staff,
        users.user_id::text = any(site.admin_user_ids) as is_site_admin,
        coalesce(users.is_test_user, false) as is_test_user,
        cohorts.cohort_names,
        users.created_at
    from users
    cross join site
    inner join pseudonyms on users.user_id::text = pseudonyms.source_user_id
    left join roles_held on users.user_id = roles_held.user_id
    left join cohorts on users.user_id = cohorts.user_id
    where users.user_id <> site.guest_user_id and not users.is_guest

)

select * from final
