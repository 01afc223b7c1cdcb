-- One row per version of a subscription of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['subscription_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'subscription'

),

final as (

    select
        ---------- ids
        versions.object_id as subscription_id,
        {{ stripe_id('subscription.customer') }} as customer_id,

        ---------- when it was so
        versions.valid_from,
        versions.valid_to,
        versions.version_no,
        versions.is_current,
        versions.is_deleted,

        ---------- what it is
        subscription.status,
        subscription.pause_collection ->> 'behavior' as pause_behavior,
        coalesce(subscription.cancel_at_period_end, false) as cancel_at_period_end,
        subscription.cancellation_details ->> 'reason' as cancellation_reason,
        subscription.collection_method,
        upper(coalesce(
            subscription.currency, subscription.items #>> '{data, 0, price, currency}'
        )) as currency,
        {{ stripe_metadata('subscription.metadata') }} as metadata,

        ---------- timestamps
        {{ epoch_to_timestamp('subscription.created') }} as created_at,
        {{ epoch_to_timestamp('subscription.start_date') }} as started_at,
        {{ epoch_to_timestamp('subscription.trial_start') }} as trial_start,
        {{ epoch_to_timestamp('subscription.trial_end') }} as trial_end,
        {{ epoch_to_timestamp('subscription.cancel_at') }} as cancel_at,
        {{ epoch_to_timestamp('subscription.canceled_at') }} as canceled_at,
        {{ epoch_to_timestamp('subscription.ended_at') }} as ended_at,

        ---------- bookkeeping
        versions.livemode,
        versions.account,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as subscription (
            customer jsonb,
            status text,
            pause_collection jsonb,
            cancel_at_period_end boolean,
            cancellation_details jsonb,
            collection_method text,
            currency text,
            items jsonb,
            metadata jsonb,
            created bigint,
            start_date bigint,
            trial_start bigint,
            trial_end bigint,
            cancel_at bigint,
            canceled_at bigint,
            ended_at bigint
        )

)

select * from final
