-- Alert: what is sold in a currency on a day without a rate is missing from charges, MRR and
-- recognised revenue in the reporting currency. Load rates (coursehouse load fx), or say in
-- `unrated_currencies` that there are none.
{{ config(severity='warn') }}

with amounts as (

    select
        currency,
        {{ local_date('created_at') }} as dated_on,
        amount_reporting
    from {{ ref('fact_charge') }}

    union all

    select
        currency,
        month_start_date as dated_on,
        mrr_reporting as amount_reporting
    from {{ ref('fact_mrr_monthly') }}

    union all

    select
        currency,
        recognised_on as dated_on,
        recognised_amount_reporting as amount_reporting
    from {{ ref('fact_revenue_recognition_daily') }}

)

select
    currency,
    min(dated_on) as first_date,
    max(dated_on) as last_date,
    count(*) as amounts_count
from amounts
where
    amount_reporting is null
    and currency not in (
        '{{ var("unrated_currencies") | join("', '") }}' -- noqa: LT05
    )
group by currency
