-- One row per customer of Stripe and learner named for them now, with what they are to each other.
with claims as (

    select * from {{ ref('int_cross__claims') }}
    where is_current

),

customers as (

    select * from {{ ref('int_finance__customers') }}
    where is_current

),

payers as (

    select * from {{ ref('int_finance__payers') }}

),

people as (

    select * from {{ ref('int_learning__people') }}

),

links as (

    select * from {{ ref('identity_links') }}
    where source_system = 'stripe' and linked_system <> 'stripe'

),

named as (

    select
        customer_id,
        student_hash,
        (array_agg(match_rule order by {{ match_confidence('match_rule') }} desc))[1]
            as match_rule,
        bool_or(is_payer) as is_payer,
        bool_or(said_by = 'customer' and not is_payer) as is_own,
        min(said_at) as first_linked_at
    from claims
    group by customer_id, student_hash

),

-- who says of themselves to pay for others does so for everybody named; else one account named is
-- their own, and of several the one the customer itself names: the others are paid for
judged as (

    select
        named.*,
        case
            when named.is_payer or customers.relationship_type = 'payer_for' then 'payer_for'
            when named.is_own then 'self'
            when count(*) over (partition by named.customer_id) > 1 then 'payer_for'
            else 'self'
        end as relationship_type
    from named
    left join customers on named.customer_id = customers.customer_id
    -- ids of accounts nobody knows are listed in identity_review
    inner join people on named.student_hash = people.student_hash

),

decided as (

    select
        links.source_id as customer_id,
        links.linked_id as student_hash,
        links.relationship_type,
        links.decided_on::timestamp at time zone 'UTC' as first_linked_at
    from links
    inner join payers on links.source_id = payers.customer_id
    inner join people on links.linked_id = people.student_hash
    where links.decision = 'link'

),

final as (

    select
        coalesce(decided.customer_id, judged.customer_id) as customer_id,
        coalesce(decided.student_hash, judged.student_hash) as student_hash,
        case when decided.customer_id is not null then 'manual' else judged.match_rule end
            as match_rule,
        coalesce(decided.relationship_type, judged.relationship_type) as relationship_type,
        least(decided.first_linked_at, judged.first_linked_at) as first_linked_at
    from judged
    full outer join decided
        on
            judged.customer_id = decided.customer_id
            and judged.student_hash = decided.student_hash
    left join links
        on
            judged.customer_id = links.source_id
            and judged.student_hash = links.linked_id
            and links.decision = 'forbid'
    where links.source_id is null

)

select * from final
