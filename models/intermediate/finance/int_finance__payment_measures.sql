-- One row per thing that is counted of payments, refunds and disputes, and month it counts in.
{{ config(meta={'grain': ['measure', 'source_id'], 'owner': 'data-team'}) }}

with charges as (

    select * from {{ ref('fact_charge') }}
    where is_paid and is_captured

),

refunds as (

    select * from {{ ref('fact_refund') }}
    where is_succeeded

),

-- a question of the bank is no dispute yet, and one that was prevented never is
disputes as (

    select * from {{ ref('fact_dispute') }}
    where not is_inquiry and status <> 'prevented'

),

attempts as (

    select * from {{ ref('int_finance__payment_attempts') }}

),

-- what a charge lost: converted by the rate of the charge, so that all of it is all of it
refunded as (

    select
        charges.charge_id,
        charges.currency,
        charges.created_at,
        sum(refunds.amount) as amount,
        sum(refunds.amount) * charges.amount_captured_reporting
        / nullif(charges.amount_captured, 0) as amount_reporting
    from charges
    inner join refunds on charges.charge_id = refunds.charge_id
    group by
        charges.charge_id,
        charges.currency,
        charges.created_at,
        charges.amount_captured,
        charges.amount_captured_reporting

),

disputed as (

    select
        charges.charge_id,
        charges.currency,
        charges.created_at,
        sum(disputes.amount) as amount,
        sum(disputes.amount) * charges.amount_captured_reporting
        / nullif(charges.amount_captured, 0) as amount_reporting
    from charges
    inner join disputes on charges.charge_id = disputes.charge_id
    group by
        charges.charge_id,
        charges.currency,
        charges.created_at,
        charges.amount_captured,
        charges.amount_captured_reporting

),

measures as (

    {%- for measure, source, id, counted_at, amount, only in [
        ('charges', 'charges', 'charge_id', 'created_at', 'amount_captured', 'true'),
        ('refunded_charges', 'refunded', 'charge_id', 'created_at', 'amount', 'true'),
        ('refunds', 'refunds', 'refund_id', 'created_at', 'amount', 'true'),
        ('disputed_charges', 'disputed', 'charge_id', 'created_at', 'amount', 'true'),
        ('disputes', 'disputes', 'dispute_id', 'created_at', 'amount', 'true'),
        ('disputes_won', 'disputes', 'dispute_id', 'created_at', 'amount', "status = 'won'"),
        ('disputes_lost', 'disputes', 'dispute_id', 'created_at', 'amount', "status = 'lost'"),
        ('payments', 'attempts', 'payment_id', 'first_tried_at', none, 'true'),
        ('payments_succeeded', 'attempts', 'payment_id', 'first_tried_at', none, 'is_paid'),
        ('payments_failed', 'attempts', 'payment_id', 'first_tried_at', none, 'has_failed'),
        ('payments_recovered', 'attempts', 'payment_id', 'first_tried_at', none, 'is_recovered'),
    ] %}
    select
        '{{ measure }}' as measure,
        {{ id }} as source_id,
        currency,
        {{ counted_at }} as counted_at,
        {{ amount or 'null::numeric' }} as amount,
        {{ amount ~ '_reporting' if amount else 'null::numeric' }} as amount_reporting
    from {{ source }}
    where {{ only }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        measure,
        source_id,
        currency,
        counted_at,
        date_trunc('month', {{ local_date('counted_at') }}::timestamp)::date as month_start_date,
        amount::numeric(24, 4) as amount,
        amount_reporting::numeric(24, 4) as amount_reporting
    from measures

)

select * from final
