-- One row per scope of the money (each currency, or all in the reporting one) and month.
{{ config(meta={'grain': ['scope', 'currency', 'month_start_date'], 'owner': 'data-team'}) }}

{%- set amounts = [
    'opening', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'involuntary_churn',
    'fx', 'closing',
] %}

with customers as (

    select
        *,
        -- by the rate the month ends with
        opening_mrr + fx_mrr as opening_constant_mrr,
        -- by the rate the month began with, as far as it was there then
        closing_mrr - fx_mrr as closing_without_fx_mrr
    from {{ ref('int_finance__mrr_scopes') }}

),

totals as (

    select
        scope,
        currency,
        month_start_date,
        {%- for amount in amounts %}
            {{ sum_if_known(amount ~ '_mrr') }} as {{ amount }}_mrr,
        {%- endfor %}
        count(*) filter (where was_paying) as opening_customers_count,
        count(*) filter (where is_new) as new_customers_count,
        count(*) filter (where is_reactivated) as reactivated_customers_count,
        count(*) filter (where was_paying and not is_paying) as churned_customers_count,
        count(*) filter (where was_paying and not is_paying and is_involuntary)
            as involuntary_churned_customers_count,
        count(*) filter (where is_paying) as closing_customers_count
    from customers
    group by scope, currency, month_start_date

),

-- of those who paid when the month began, and of them alone
cohorts as (

    select
        scope,
        currency,
        month_start_date,
        {{ sum_if_known('least(opening_mrr, closing_without_fx_mrr)') }} as kept_mrr,
        {{ sum_if_known('closing_without_fx_mrr') }} as cohort_mrr,
        {{ sum_if_known('opening_constant_mrr') }} as opening_constant_mrr,
        {{ sum_if_known('least(opening_constant_mrr, closing_mrr)') }} as kept_constant_mrr,
        {{ sum_if_known('closing_mrr') }} as cohort_constant_mrr
    from customers
    where was_paying
    group by scope, currency, month_start_date

),

final as (

    select
        totals.*,
        cohorts.kept_mrr,
        cohorts.cohort_mrr,
        cohorts.opening_constant_mrr,
        cohorts.kept_constant_mrr,
        cohorts.cohort_constant_mrr
    from totals
    left join cohorts
        on
            totals.scope = cohorts.scope
            and totals.currency = cohorts.currency
            and totals.month_start_date = cohorts.month_start_date

)

select * from final
