-- One row per paid order that could still be refunded and day on which it could.
{{
    config(
        indexes=[
            {'columns': ['refund_risk_key'], 'unique': true},
            {'columns': ['date', 'rule_score']},
        ],
        meta={'grain': ['charge_id', 'date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set points = var('refund_risk_points') %}
{%- set flags = [
    'is_never_accessed', 'is_without_progress', 'is_gone_quiet', 'has_refunded_before',
    'has_failed_payments', 'has_disputed_before',
] %}

with days as (

    select * from {{ ref('int_cross__order_days') }}

),

-- of an order for several learners none is named
charge_persons as (

    select
        charge_id,
        case when count(*) = 1 then min(person_key) end as person_key
    from {{ ref('int_cross__charge_persons') }}
    group by charge_id

),

flagged as (

    select
        *,
        coalesce(
            not has_accessed and days_since_purchase >= {{ var('refund_risk_access_days') }}, false
        ) as is_never_accessed,
        coalesce(
            has_accessed
            and progress_pct < {{ var('refund_risk_progress_pct') }}
            and days_since_purchase >= {{ var('refund_risk_quiet_days') }},
            false
        ) as is_without_progress,
        coalesce(
            days_since_purchase >= {{ var('refund_risk_quiet_days') }}
            and days_since_access >= {{ var('refund_risk_quiet_days') }},
            false
        ) as is_gone_quiet,
        prior_refunds > 0 as has_refunded_before,
        failed_charges_30d > 0 as has_failed_payments,
        prior_disputes > 0 as has_disputed_before
    from days

),

scored as (

    select
        *,
        least(
            {% for flag in flags %}
                {{ flag }}::integer * {{ points[flag] }} {{ '+' if not loop.last }}
            {% endfor %},
            100
        ) as rule_score
    from flagged

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['scored.charge_id', date_key('scored.date')]) }} as refund_risk_key,
        {{ date_key('scored.date') }} as date_key,

        ---------- ids
        scored.charge_id,
        scored.date,
        scored.customer_id,
        scored.payer_person_key,
        charge_persons.person_key,

        ---------- the order and its use by the end of the day
        scored.paid_at,
        scored.days_since_purchase,
        scored.has_accessed,
        scored.days_since_access,
        scored.progress_pct::numeric(5, 2) as progress_pct,
        scored.time_spent_seconds,

        ---------- the payer by the end of the day
        scored.prior_refunds,
        scored.failed_charges_30d,
        scored.prior_disputes,

        ---------- flags
        {% for flag in flags %}
            scored.{{ flag }},
        {% endfor %}

        ---------- the answer
        scored.rule_score,
        case
            when scored.rule_score >= {{ var('refund_risk_bands')['high'] }} then 'high'
            when scored.rule_score >= {{ var('refund_risk_bands')['medium'] }} then 'medium'
            else 'low'
        end as band,
        concat_ws(
            '; ',
            case
                when scored.is_never_accessed
                    then 'not opened ' || scored.days_since_purchase || ' days after paying'
            end,
            case
                when scored.is_without_progress
                    then 'progress of only ' || round(scored.progress_pct) || ' %'
            end,
            case
                when scored.is_gone_quiet
                    then 'not there for ' || scored.days_since_access || ' days'
            end,
            case
                when scored.has_refunded_before
                    then 'earlier refunds: ' || scored.prior_refunds
            end,
            case
                when scored.has_failed_payments
                    then 'failed payments lately: ' || scored.failed_charges_30d
            end,
            case
                when scored.has_disputed_before
                    then 'earlier disputes: ' || scored.prior_disputes
            end
        ) as risk_reasons,
        scored.is_last_day
    from scored
    left join charge_persons on scored.charge_id = charge_persons.charge_id

)

select * from final
