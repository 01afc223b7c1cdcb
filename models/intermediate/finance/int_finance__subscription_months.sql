-- One row per month and scope of the money: each currency, or all in the reporting one.
{{ config(meta={'grain': ['month_start_date', 'scope', 'currency'], 'owner': 'data-team'}) }}

{%- set amounts = [
    'opening', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'involuntary_churn',
    'fx', 'closing', 'kept', 'cohort', 'opening_constant', 'kept_constant', 'cohort_constant',
] %}
{%- set counts = ['opening', 'new', 'reactivated', 'churned', 'involuntary_churned', 'closing'] %}

with months as (

    select * from {{ ref('int_finance__months') }}

),

totals as (

    select * from {{ ref('int_finance__mrr_totals') }}

),

recent as (

    select * from {{ ref('int_finance__recent_customers') }}

),

trials as (

    select * from {{ ref('int_finance__trial_months') }}

),

past_due as (

    select * from {{ ref('int_finance__past_due_months') }}

),

-- every month of every scope, also without anybody
scopes as (

    select
        scope,
        currency
    from totals
    union
    select
        scope,
        currency
    from trials

),

-- nobody is 0; a rate that is missing is null
final as (

    select
        months.month_start_date,
        months.month_end_date,
        months.is_complete,
        scopes.scope,
        scopes.currency,
        {%- for amount in amounts %}
            case when totals.scope is null then 0 else totals.{{ amount }}_mrr end
                as {{ amount }}_mrr,
        {%- endfor %}
        {%- for counted in counts %}
            coalesce(totals.{{ counted }}_customers_count, 0) as {{ counted }}_customers_count,
        {%- endfor %}
        coalesce(recent.recent_customers_count, 0) as recent_customers_count,
        coalesce(recent.gone_customers_count, 0) as gone_customers_count,
        coalesce(trials.ended_trials_count, 0) as ended_trials_count,
        coalesce(trials.converted_trials_count, 0) as converted_trials_count,
        coalesce(trials.paid_trials_count, 0) as paid_trials_count,
        case when past_due.scope is null then 0 else past_due.at_risk_mrr end as at_risk_mrr,
        past_due.days_past_due
    from months
    cross join scopes
    {%- for part in ['totals', 'recent', 'trials', 'past_due'] %}
        left join {{ part }}
            on
                months.month_start_date = {{ part }}.month_start_date
                and scopes.scope = {{ part }}.scope
                and scopes.currency = {{ part }}.currency
    {%- endfor %}

)

select * from final
