-- One row per payment that was tried: an intent with all its charges, or a charge without one.
{{ config(meta={'grain': ['payment_id'], 'owner': 'data-team'}) }}

with charges as (

    select
        *,
        coalesce(payment_intent_id, charge_id) as payment_id
    from {{ ref('int_finance__charges') }}

),

payments as (

    select
        payment_id,
        min(currency) as currency,
        min(created_at) as first_tried_at,
        min(created_at) filter (where status = 'failed') as first_failed_at,
        min(created_at) filter (where is_paid) as paid_at
    from charges
    group by payment_id

),

final as (

    select
        payment_id,
        currency,
        first_tried_at,
        first_failed_at,
        paid_at,
        paid_at is not null as is_paid,
        first_failed_at is not null as has_failed,
        coalesce(
            paid_at
            between first_failed_at
            and first_failed_at + interval '{{ var("payment_recovery_days") }} days',
            false
        ) as is_recovered
    from payments

)

select * from final
