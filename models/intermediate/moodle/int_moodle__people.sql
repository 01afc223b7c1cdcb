-- One row per person any loaded table mentioned, guests apart, whether the account exists or not.
with pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select pseudonyms.student_hash
    from pseudonyms
    cross join site
    where pseudonyms.source_user_id <> site.guest_user_id::text

)

select * from final
