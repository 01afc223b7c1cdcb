-- One row per month and scope of the money: each currency, or all in the reporting one.
{{
    config(
        indexes=[{'columns': ['subscription_metrics_key'], 'unique': true}],
        meta={
            'grain': ['month_start_date', 'scope', 'currency'],
            'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

{%- set amounts = [
    'opening', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'involuntary_churn',
    'fx', 'closing',
] %}
{%- set counts = ['opening', 'new', 'reactivated', 'churned', 'involuntary_churned', 'closing'] %}
{%- set rates = {
    'grr_rate': ['kept_mrr', 'opening_mrr'],
    'nrr_rate': ['cohort_mrr', 'opening_mrr'],
    'grr_constant_rate': ['kept_constant_mrr', 'opening_constant_mrr'],
    'nrr_constant_rate': ['cohort_constant_mrr', 'opening_constant_mrr'],
    'gross_mrr_churn_rate': ['(churn_mrr + contraction_mrr)', 'opening_mrr'],
    'net_mrr_churn_rate': [
        '(churn_mrr + contraction_mrr - expansion_mrr - reactivation_mrr)', 'opening_mrr',
    ],
    'customer_churn_rate': ['churned_customers_count', 'opening_customers_count'],
    'customer_churn_30d_rate': ['gone_customers_count', 'recent_customers_count'],
    'trial_conversion_rate': ['converted_trials_count', 'ended_trials_count'],
    'trial_paid_conversion_rate': ['paid_trials_count', 'ended_trials_count'],
} %}

with months as (

    select * from {{ ref('int_finance__subscription_months') }}

),

measured as (

    select
        *,
    {%- for rate, (part, whole) in rates.items() %}
        round({{ part }}::numeric / nullif({{ whole }}, 0), 4)::numeric(12, 4) as {{ rate }}
        {{- '' if loop.last else ',' }}
    {%- endfor %}
    from months

),

final as (

    select
        ---------- keys
        {{ surrogate_key([date_key('month_start_date'), 'scope', 'currency']) }}
            as subscription_metrics_key,
        {{ date_key('month_end_date') }} as date_key,
        {{ surrogate_key(['currency']) }} as currency_key,

        ---------- what is counted
        month_start_date,
        scope,
        currency,

        ---------- amounts
        {%- for amount in amounts %}
            {{ amount }}_mrr::numeric(24, 4) as {{ amount }}_mrr,
        {%- endfor %}
        (12 * closing_mrr)::numeric(24, 4) as arr,
        at_risk_mrr::numeric(24, 4) as at_risk_mrr,
        days_past_due::integer as days_past_due,

        ---------- people
        {%- for counted in counts %}
            {{ counted }}_customers_count::integer as {{ counted }}_customers_count,
        {%- endfor %}
        ended_trials_count::integer as ended_trials_count,

        ---------- rates
        {%- for rate in rates %}
            {{ rate }},
        {%- endfor %}

        ---------- per customer
        (closing_mrr / nullif(closing_customers_count, 0))::numeric(24, 4) as arpu,
        -- nobody stays for ever: nor do those do of whom nobody has left so far
        (
            closing_mrr / nullif(closing_customers_count, 0) * {{ var('gross_margin_rate') }}
            * case
                when opening_customers_count > 0
                    then least(
                        opening_customers_count::numeric / nullif(churned_customers_count, 0),
                        {{ var('ltv_cap_months') }}
                    )
            end
        )::numeric(24, 4) as simple_ltv,

        ---------- classification
        is_complete,
        opening_customers_count < {{ var('min_cohort_size') }} as is_small
    from measured

)

select * from final
