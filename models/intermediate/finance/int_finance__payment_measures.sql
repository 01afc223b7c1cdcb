-- One row per thing that is counted of payments, refunds and disputes, and month it counts in.
{{ config(meta={'grain': ['measure', 'source_id'], 'owner': 'data-team'}) }}

with charges as (

    select
        charge_id as source_id,
        charge_id,
        currency,
        created_at as counted_at,
        amount_captured as amount,
        amount_captured_reporting as amount_reporting
    from {{ ref('fact_charge') }}
    where is_paid and is_captured

),

refunds as (

    select
        refund_id as source_id,
        charge_id,
        currency,
        created_at as counted_at,
        amount,
        amount_reporting
    from {{ ref('fact_refund') }}
    where is_succeeded

),

-- a question of the bank is no dispute yet, and one that was prevented never is
disputes as (

    select
        dispute_id as source_id,
        charge_id,
        currency,
        created_at as counted_at,
        amount,
        amount_reporting,
        status
    from {{ ref('fact_dispute') }}
    where not is_inquiry and status <> 'prevented'

),

attempts as (

    select
        payment_id as source_id,
        currency,
        first_tried_at as counted_at,
        null::numeric as amount,
        null::numeric as amount_reporting,
        is_paid,
        has_failed,
        is_recovered
    from {{ ref('int_finance__payment_attempts') }}

),

{%- for lost, source in [('refunded', 'refunds'), ('disputed', 'disputes')] %}

    -- converted by the rate of the charge, so that all of it is all of it
    {{ lost }} as (

        select
            charges.source_id,
            charges.currency,
            charges.counted_at,
            sum({{ source }}.amount) as amount,
            sum({{ source }}.amount) * charges.amount_reporting / nullif(charges.amount, 0)
                as amount_reporting
        from charges
        inner join {{ source }} on charges.charge_id = {{ source }}.charge_id
        group by
            charges.source_id,
            charges.currency,
            charges.counted_at,
            charges.amount,
            charges.amount_reporting

    ),

{%- endfor %}

measures as (

    {%- for measure, source, only in [
        ('charges', 'charges', 'true'),
        ('refunded_charges', 'refunded', 'true'),
        ('refunds', 'refunds', 'true'),
        ('disputed_charges', 'disputed', 'true'),
        ('disputes', 'disputes', 'true'),
        ('disputes_won', 'disputes', "status = 'won'"),
        ('disputes_lost', 'disputes', "status = 'lost'"),
        ('payments', 'attempts', 'true'),
        ('payments_succeeded', 'attempts', 'is_paid'),
        ('payments_failed', 'attempts', 'has_failed'),
        ('payments_recovered', 'attempts', 'is_recovered'),
    ] %}
        {{ 'union all' if not loop.first }}
        select
            '{{ measure }}' as measure,
            source_id,
            currency,
            counted_at,
            amount,
            amount_reporting
        from {{ source }}
        where {{ only }}
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
