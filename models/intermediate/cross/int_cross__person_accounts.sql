-- One row per account and person: whose it is (self), and for a customer, whom it pays for.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['source_system', 'source_id']}, {'columns': ['person_key']}],
    )
}}

with persons as (

    select * from {{ ref('int_cross__persons') }}

),

edges as (

    select * from {{ ref('int_cross__identity_edges') }}

),

customer_learners as (

    select * from {{ ref('int_cross__customer_learners') }}
    where relationship_type = 'payer_for'

),

both_ways as (

    select
        account_key,
        linked_account_key,
        match_rule,
        confidence,
        first_linked_at
    from edges

    union all

    select
        linked_account_key as account_key,
        account_key as linked_account_key,
        match_rule,
        confidence,
        first_linked_at
    from edges

),

-- the surest link an account has within its person
strongest as (

    select distinct on (persons.account_key)
        persons.account_key,
        both_ways.match_rule,
        both_ways.confidence,
        both_ways.first_linked_at
    from both_ways
    inner join persons on both_ways.account_key = persons.account_key
    inner join persons as linked on both_ways.linked_account_key = linked.account_key
    where persons.person_key = linked.person_key
    order by
        persons.account_key asc,
        both_ways.confidence desc,
        both_ways.first_linked_at asc,
        both_ways.match_rule asc

),

final as (

    select
        persons.source_system,
        persons.source_id,
        persons.person_key,
        persons.student_hash,
        'self' as relationship_type,
        coalesce(strongest.match_rule, 'none') as match_rule,
        -- an account by itself is a person for certain
        coalesce(strongest.confidence, 1.00)::numeric(3, 2) as confidence,
        coalesce(strongest.first_linked_at, persons.created_at) as first_linked_at
    from persons
    left join strongest on persons.account_key = strongest.account_key

    union all

    select
        'stripe' as source_system,
        customer_learners.customer_id as source_id,
        learners.person_key,
        learners.student_hash,
        'payer_for' as relationship_type,
        customer_learners.match_rule,
        {{ match_confidence('customer_learners.match_rule') }} as confidence,
        customer_learners.first_linked_at
    from customer_learners
    inner join persons as learners
        on
            customer_learners.student_hash = learners.source_id
            and learners.source_system <> 'stripe'
    inner join persons as payers
        on
            customer_learners.customer_id = payers.source_id
            and payers.source_system = 'stripe'
    -- whoever pays for an account of their own pays for themselves
    where learners.person_key <> payers.person_key

)

select * from final
