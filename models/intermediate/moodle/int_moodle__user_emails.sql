-- One row per account in Moodle that has an e-mail address, as a pseudonym.
with users as (

    select * from {{ ref('stg_moodle__user') }}
    -- what deleting an account leaves in the address is a hash of Moodle's own
    where email_hash is not null and not is_deleted_in_moodle

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
        {{ student_hash('pseudonyms', 'moodle', 'users.user_id') }} as student_hash,
        users.email_hash,
        users.is_confirmed as is_email_verified
    from users
    cross join site
    left join pseudonyms on users.user_id::text = pseudonyms.source_user_id
    where users.user_id <> site.guest_user_id and not users.is_guest

)

select * from final
