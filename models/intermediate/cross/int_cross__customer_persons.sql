-- One row per customer and person its money is for: whom it pays for, or else who it is.
with person_accounts as (

    select
        *,
        -- whoever says to be a learner buys for themselves, unless a payment names somebody else
        bool_or(relationship_type = 'payer_for') over customers
        and not bool_or(
            relationship_type = 'self'
            and match_rule in ('manual', 'stripe_metadata', 'payment_record')
        ) over customers as pays_for_others
    from {{ ref('int_cross__person_accounts') }}
    where source_system = 'stripe'
    window customers as (partition by source_id)

),

final as (

    select
        source_id as customer_id,
        person_key,
        student_hash,
        relationship_type,
        trim_scale(1.0 / count(*) over (partition by source_id)) as share
    from person_accounts
    where pays_for_others = (relationship_type = 'payer_for')

)

select * from final
