-- One row per learner any loaded table mentioned, guests apart, whether there is an account or not.
with pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    -- visitors of the shop are no learners
    where source_system in ('moodle', 'app')

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        pseudonyms.student_hash,
        pseudonyms.source_system
    from pseudonyms
    cross join site
    where
        pseudonyms.source_system <> 'moodle'
        or pseudonyms.source_user_id <> site.guest_user_id::text

)

select * from final
