-- One row per account and person it belongs to or pays for, and time in which it did.
{{
    config(
        indexes=[
            {'columns': ['person_account_key'], 'unique': true},
            {'columns': ['source_system', 'source_id']},
            {'columns': ['person_key']},
        ],
        meta={
            'grain': [
                'source_system', 'source_id', 'person_key', 'relationship_type', 'valid_from',
            ],
            'owner': 'data-team',
        },
    )
}}

with person_accounts as (

    select * from {{ ref('int_cross__person_accounts') }}

),

-- what a customer said once and no longer says
former_claims as (

    select
        customer_id,
        student_hash,
        match_rule,
        case when bool_or(is_payer) then 'payer_for' else 'self' end as relationship_type,
        min(said_at) as valid_from,
        max(said_until) as valid_to
    from {{ ref('int_cross__claims') }}
    group by customer_id, student_hash, match_rule
    having not bool_or(is_current)

),

periods as (

    select
        source_system,
        source_id,
        person_key,
        student_hash,
        relationship_type,
        match_rule,
        confidence,
        first_linked_at,
        coalesce(first_linked_at, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        timestamptz '9999-12-31 00:00:00+00' as valid_to,
        true as is_current
    from person_accounts

    union all

    select
        'stripe' as source_system,
        former_claims.customer_id as source_id,
        learners.person_key,
        learners.student_hash,
        former_claims.relationship_type,
        former_claims.match_rule,
        {{ match_confidence('former_claims.match_rule') }} as confidence,
        former_claims.valid_from as first_linked_at,
        former_claims.valid_from,
        former_claims.valid_to,
        false as is_current
    from former_claims
    inner join person_accounts as learners
        on
            former_claims.student_hash = learners.source_id
            and learners.source_system <> 'stripe'
    -- unless other evidence says the same today
    left join person_accounts as current_links
        on
            current_links.source_system = 'stripe'
            and former_claims.customer_id = current_links.source_id
            and learners.person_key = current_links.person_key
    where current_links.source_id is null

),

final as (

    select
        ---------- keys
        {{ surrogate_key([
            'source_system', 'source_id', 'person_key', 'relationship_type',
            'extract(epoch from valid_from)',
        ]) }} as person_account_key,
        person_key,

        ---------- ids
        source_system,
        source_id,
        student_hash,

        ---------- how it is known
        relationship_type,
        match_rule,
        confidence,
        first_linked_at,

        ---------- when it was so
        valid_from,
        valid_to,
        is_current
    from periods

)

select * from final
