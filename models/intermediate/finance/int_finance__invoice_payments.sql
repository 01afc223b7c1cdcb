-- One row per invoice of Stripe and payment intent or charge that is to pay it.
{{
    config(
        materialized='table',
        meta={'grain': ['invoice_id', 'payment_id'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}
    where object_type in ('invoice', 'invoice_payment') and is_current and not is_deleted

),

-- read once: taking a large object apart again for every field is what costs
objects as materialized (

    select
        versions.object_type,
        versions.object_id,
        versions._load_id,
        told.*
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as told (
            status text,
            payment_intent jsonb,
            charge jsonb,
            payments jsonb,
            invoice jsonb,
            payment jsonb,
            is_default boolean
        )

),

-- an invoice used to name its one payment; now it may have several, objects of their own, which it
-- carries only where that was asked for
payments as (

    select
        object_id as invoice_id,
        {{ stripe_id('payment_intent') }} as payment_intent_id,
        {{ stripe_id('charge') }} as charge_id,
        status,
        true as is_default,
        _load_id
    from objects
    where object_type = 'invoice'

    union all

    select
        {{ stripe_id('invoice') }} as invoice_id,
        {{ stripe_id("payment -> 'payment_intent'") }} as payment_intent_id,
        {{ stripe_id("payment -> 'charge'") }} as charge_id,
        status,
        is_default,
        _load_id
    from objects
    where object_type = 'invoice_payment'

    union all

    select
        objects.object_id as invoice_id,
        {{ stripe_id("listed.payment -> 'payment_intent'") }} as payment_intent_id,
        {{ stripe_id("listed.payment -> 'charge'") }} as charge_id,
        listed.status,
        listed.is_default,
        objects._load_id
    from objects
    cross join
        lateral jsonb_to_recordset(objects.payments -> 'data') as listed (
            payment jsonb,
            status text,
            is_default boolean
        )
    where objects.object_type = 'invoice'

),

final as (

    select
        invoice_id,
        coalesce(payment_intent_id, charge_id) as payment_id,
        max(payment_intent_id) as payment_intent_id,
        max(charge_id) as charge_id,
        bool_or(coalesce(status = 'paid', false)) as is_paid,
        bool_or(coalesce(is_default, false)) as is_default,
        max(_load_id) as _load_id
    from payments
    where coalesce(payment_intent_id, charge_id) is not null
    group by invoice_id, coalesce(payment_intent_id, charge_id)

)

select * from final
