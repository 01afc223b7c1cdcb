-- One row per pair of accounts that are taken to be of one person, by the strongest evidence.
{{ config(materialized='table', indexes=[{'columns': ['account_key']}]) }}

with accounts as (

    select * from {{ ref('int_cross__accounts') }}

),

customer_learners as (

    select * from {{ ref('int_cross__customer_learners') }}

),

links as (

    select * from {{ ref('identity_links') }}

),

-- whoever decided that two accounts belong to different people decided it both ways
forbidden as (

    select
        {{ surrogate_key(['source_system', 'source_id']) }} as account_key,
        {{ surrogate_key(['linked_system', 'linked_id']) }} as linked_account_key
    from links
    where decision = 'forbid'

    union

    select
        {{ surrogate_key(['linked_system', 'linked_id']) }} as account_key,
        {{ surrogate_key(['source_system', 'source_id']) }} as linked_account_key
    from links
    where decision = 'forbid'

),

email_pairs as (

    select * from {{ ref('int_cross__email_pairs') }}

),

evidence as (

    select
        {{ surrogate_key(["'stripe'", 'customer_learners.customer_id']) }} as account_key,
        accounts.account_key as linked_account_key,
        customer_learners.match_rule,
        customer_learners.first_linked_at
    from customer_learners
    inner join accounts on customer_learners.student_hash = accounts.student_hash
    where customer_learners.relationship_type = 'self'

    union all

    select
        account_key,
        linked_account_key,
        case when is_verified then 'verified_email' else 'email' end as match_rule,
        first_linked_at
    from email_pairs

    union all

    select
        {{ surrogate_key(['source_system', 'source_id']) }} as account_key,
        {{ surrogate_key(['linked_system', 'linked_id']) }} as linked_account_key,
        'manual' as match_rule,
        decided_on::timestamp at time zone 'UTC' as first_linked_at
    from links
    where decision = 'link' and relationship_type = 'self'

),

ranked as (

    select
        evidence.account_key,
        evidence.linked_account_key,
        evidence.match_rule,
        {{ match_confidence('evidence.match_rule') }} as confidence,
        evidence.first_linked_at,
        row_number() over (
            partition by evidence.account_key, evidence.linked_account_key
            order by
                {{ match_confidence('evidence.match_rule') }} desc,
                evidence.first_linked_at asc,
                evidence.match_rule asc
        ) as strength
    from evidence
    left join forbidden
        on
            evidence.account_key = forbidden.account_key
            and evidence.linked_account_key = forbidden.linked_account_key
    where forbidden.account_key is null

),

final as (

    select
        ranked.account_key,
        ranked.linked_account_key,
        ranked.match_rule,
        ranked.confidence,
        ranked.first_linked_at
    from ranked
    -- a link by hand may name what no source knows
    inner join accounts on ranked.account_key = accounts.account_key
    inner join accounts as linked on ranked.linked_account_key = linked.account_key
    where ranked.strength = 1

)

select * from final
