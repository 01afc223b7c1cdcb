-- One row per checkout session of Stripe.
{{
    config(
        materialized='table',
        meta={'grain': ['checkout_session_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type = 'checkout.session' and is_current and not is_deleted

),

final as (

    select
        ---------- ids
        versions.object_id as checkout_session_id,
        {{ stripe_id('checkout.customer') }} as customer_id,
        checkout.client_reference_id,
        {{ stripe_id('checkout.payment_intent') }} as payment_intent_id,
        {{ stripe_id('checkout.subscription') }} as subscription_id,

        ---------- what it is
        checkout.status,
        checkout.payment_status,
        upper(checkout.currency) as currency,
        checkout.amount_total as amount_total_minor,
        {{ stripe_metadata('checkout.metadata') }} as metadata,
        {{ epoch_to_timestamp('checkout.created') }} as created_at,

        ---------- bookkeeping
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as checkout (
            customer jsonb,
            client_reference_id text,
            payment_intent jsonb,
            subscription jsonb,
            status text,
            payment_status text,
            currency text,
            amount_total bigint,
            metadata jsonb,
            created bigint
        )

)

select * from final
