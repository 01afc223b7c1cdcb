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

-- an invoice used to name its one payment; now it may have several, objects of their own, which it
-- carries only where that was asked for
told as (

    select
        versions.object_id as invoice_id,
        {{ stripe_id('invoice.payment_intent') }} as payment_intent_id,
        {{ stripe_id('invoice.charge') }} as charge_id,
        coalesce(invoice.status = 'paid', false) as is_paid,
        true as is_default,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_record(versions.payload) as invoice (
            status text,
            payment_intent jsonb,
            charge jsonb
        )
    where
        versions.object_type = 'invoice'
        and coalesce(invoice.payment_intent, invoice.charge) is not null

    union all

    select
        {{ stripe_id('listed.invoice') }} as invoice_id,
        {{ stripe_id("listed.payment -> 'payment_intent'") }} as payment_intent_id,
        {{ stripe_id("listed.payment -> 'charge'") }} as charge_id,
        coalesce(listed.status = 'paid', false) as is_paid,
        coalesce(listed.is_default, false) as is_default,
        versions._load_id
    from versions
    cross join
        lateral jsonb_to_recordset(
            case versions.object_type
                when 'invoice' then versions.payload #> '{payments, data}'
                else jsonb_build_array(versions.payload)
            end
        ) as listed (
            invoice jsonb,
            payment jsonb,
            status text,
            is_default boolean
        )
    where listed.payment is not null

),

final as (

    select
        invoice_id,
        coalesce(payment_intent_id, charge_id) as payment_id,
        max(payment_intent_id) as payment_intent_id,
        max(charge_id) as charge_id,
        bool_or(is_paid) as is_paid,
        bool_or(is_default) as is_default,
        max(_load_id) as _load_id
    from told
    where coalesce(payment_intent_id, charge_id) is not null
    group by invoice_id, coalesce(payment_intent_id, charge_id)

)

select * from final
