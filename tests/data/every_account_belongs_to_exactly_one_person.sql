-- Every account there is is one person's, today; and nobody pays for themselves.
with accounts as (

    select * from {{ ref('int_cross__accounts') }}

),

owners as (

    select
        source_system,
        source_id,
        count(*) filter (where relationship_type = 'self') as owners_count,
        count(*) - count(distinct person_key) as repeated_count
    from {{ ref('bridge_person_account') }}
    where is_current
    group by source_system, source_id

)

select
    accounts.account_key,
    owners.*
from accounts
full outer join owners
    on
        accounts.source_system = owners.source_system
        and accounts.source_id = owners.source_id
where
    accounts.account_key is null
    or owners.owners_count is distinct from 1
    or owners.repeated_count <> 0
