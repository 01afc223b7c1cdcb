-- One row per balance transaction of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['balance_transaction_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'balance_transaction' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        versions.object_id as balance_transaction_id,
        {{ stripe_id('booking.source') }} as source_id,
        coalesce(
            {{ stripe_id('booking.payout') }},
            case when booking.type = 'payout' then {{ stripe_id('booking.source') }} end
        ) as payout_id,

        ---------- what it is
        booking.type,
        booking.reporting_category,
        booking.status,

        ---------- amounts, in the currency of settlement
        upper(booking.currency) as currency,
        booking.amount as amount_minor,
        booking.fee as fee_minor,
        booking.net as net_minor,
        booking.exchange_rate,
        coalesce(booking.fee_details, '[]') as fee_details,

        ---------- timestamps
        {{ epoch_to_timestamp('booking.created') }} as created_at,
        {{ epoch_to_timestamp('booking.available_on') }} as available_on,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as booking (
            source jsonb,
            payout jsonb,
            type text,
            reporting_category text,
            currency text,
            amount bigint,
            fee bigint,
            net bigint,
            exchange_rate numeric,
            fee_details jsonb,
            status text,
            available_on bigint,
            created bigint
        )

)

select * from final
