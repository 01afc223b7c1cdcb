-- One row per refund of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['refund_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'refund' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        versions.object_id as refund_id,
        {{ stripe_id('refund.charge') }} as charge_id,
        {{ stripe_id('refund.payment_intent') }} as payment_intent_id,
        {{ stripe_id('refund.balance_transaction') }} as balance_transaction_id,
        {{ stripe_id('refund.failure_balance_transaction') }} as failure_balance_transaction_id,

        ---------- what it is
        upper(refund.currency) as currency,
        refund.amount as amount_minor,
        refund.status,
        refund.reason,
        refund.failure_reason,
        {{ epoch_to_timestamp('refund.created') }} as created_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as refund (
            charge jsonb,
            payment_intent jsonb,
            balance_transaction jsonb,
            failure_balance_transaction jsonb,
            currency text,
            amount bigint,
            status text,
            reason text,
            failure_reason text,
            created bigint
        )

)

select * from final
