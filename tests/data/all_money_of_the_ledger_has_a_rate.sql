-- Alert: money booked on a day without a rate has no amount in the reporting currency, and sums in
-- it leave that money out. Load rates (coursehouse load fx), or know of it.
{{ config(severity='warn') }}

with amounts as (

    select
        currency,
        created_at,
        amount_reporting
    from {{ ref('fact_balance_transaction') }}

    union all

    select
        currency,
        created_at,
        amount_reporting
    from {{ ref('fact_charge') }}

)

select
    currency,
    min({{ local_date('created_at') }}) as first_date,
    max({{ local_date('created_at') }}) as last_date,
    count(*) as amounts_count
from amounts
where amount_reporting is null
group by currency
