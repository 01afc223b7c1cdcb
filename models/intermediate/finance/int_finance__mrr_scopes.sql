-- One row per customer, scope of the money (each currency, or all in the reporting one) and month.
{{
    config(
        meta={
            'grain': ['customer_id', 'scope', 'currency', 'month_start_date'],
            'owner': 'data-team',
        },
    )
}}

{%- set amounts = [
    'opening', 'new', 'reactivation', 'expansion', 'contraction', 'churn', 'involuntary_churn',
    'closing',
] %}

with movements as (

    select * from {{ ref('fact_mrr_movement') }}

),

by_currency as (

    select
        customer_id,
        'currency' as scope,
        currency,
        month_start_date,
        opening_mrr > 0 as was_paying,
        closing_mrr > 0 as is_paying,
        new_mrr > 0 as is_new,
        reactivation_mrr > 0 as is_reactivated,
        churn_mrr > 0 and involuntary_churn_mrr > 0 as is_involuntary,
        {%- for amount in amounts %}
            {{ amount }}_mrr,
        {%- endfor %}
        0 as fx_mrr
    from movements

),

in_all as (

    select
        customer_id,
        'all' as scope,
        '{{ var("reporting_currency") }}' as currency,
        month_start_date,
        bool_or(opening_mrr > 0) as was_paying,
        bool_or(closing_mrr > 0) as is_paying,
        bool_or(new_mrr > 0) as is_new,
        bool_or(reactivation_mrr > 0) as is_reactivated,
        bool_or(churn_mrr > 0 and involuntary_churn_mrr > 0) as is_involuntary,
        {%- for amount in amounts %}
            {{ sum_if_known(amount ~ '_mrr_reporting') }} as {{ amount }}_mrr,
        {%- endfor %}
        {{ sum_if_known('fx_mrr_reporting') }} as fx_mrr
    from movements
    group by customer_id, month_start_date

),

final as (

    select * from by_currency
    union all
    select * from in_all

)

select * from final
