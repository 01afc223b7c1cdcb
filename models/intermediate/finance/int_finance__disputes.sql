-- One row per dispute of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['dispute_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'dispute' and is_current and not is_deleted

),

-- a dispute does not say when it was closed
closings as (

    select
        object_id,
        min(valid_from) as closed_at
    from {{ ref('int_finance__object_versions') }}
    where object_type = 'dispute' and event_type = 'charge.dispute.closed'
    group by object_id

),

final as (

    select
        ---------- ids
        versions.object_id as dispute_id,
        {{ stripe_id('dispute.charge') }} as charge_id,
        {{ stripe_id('dispute.payment_intent') }} as payment_intent_id,

        ---------- what it is
        upper(dispute.currency) as currency,
        dispute.amount as amount_minor,
        dispute.status,
        dispute.reason,
        -- money taken and given back, with fees
        coalesce(dispute.balance_transactions, '[]') as balance_transactions,

        ---------- timestamps
        {{ epoch_to_timestamp('dispute.created') }} as created_at,
        {{ epoch_to_timestamp(json_value('dispute.evidence_details', ['due_by'], 'bigint')) }}
            as evidence_due_at,
        closings.closed_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as dispute (
            charge jsonb,
            payment_intent jsonb,
            currency text,
            amount bigint,
            status text,
            reason text,
            evidence_details jsonb,
            balance_transactions jsonb,
            created bigint
        )
    left join closings on versions.object_id = closings.object_id

)

select * from final
