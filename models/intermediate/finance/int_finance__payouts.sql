-- One row per payout of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['payout_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'payout' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        versions.object_id as payout_id,
        {{ stripe_id('payout.balance_transaction') }} as balance_transaction_id,
        {{ stripe_id('payout.failure_balance_transaction') }} as failure_balance_transaction_id,

        ---------- what it is
        upper(payout.currency) as currency,
        payout.amount as amount_minor,
        payout.status,
        coalesce(payout.automatic, false) as is_automatic,

        ---------- timestamps: Stripe means a day and tells its midnight in UTC
        ({{ epoch_to_timestamp('payout.arrival_date') }} at time zone 'UTC')::date as arrival_date,
        {{ epoch_to_timestamp('payout.created') }} as created_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as payout (
            balance_transaction jsonb,
            failure_balance_transaction jsonb,
            currency text,
            amount bigint,
            status text,
            arrival_date bigint,
            automatic boolean,
            created bigint
        )

)

select * from final
