-- A larger group is left apart, and so are accounts that were kept apart by hand.
with accounts as (

    select * from {{ ref('bridge_person_account') }}
    where is_current and relationship_type = 'self'

),

links as (

    select * from {{ ref('identity_links') }}
    where decision = 'forbid'

)

select
    person_key,
    'too many accounts' as what
from accounts
group by person_key
having count(*) > {{ var('identity_component_cap') }}

union all

select
    accounts.person_key,
    'kept apart by hand' as what
from links
inner join accounts
    on links.source_system = accounts.source_system and links.source_id = accounts.source_id
inner join accounts as linked
    on links.linked_system = linked.source_system and links.linked_id = linked.source_id
where accounts.person_key = linked.person_key
