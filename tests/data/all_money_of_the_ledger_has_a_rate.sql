-- Alert: money booked on a day without a rate has no amount in the reporting currency, and sums in
-- it leave that money out. Load rates: coursehouse load fx.
{{ config(severity='warn') }}

select
    currency,
    min({{ local_date('created_at') }}) as first_date,
    max({{ local_date('created_at') }}) as last_date,
    count(*) as amounts_count
from {{ ref('fact_balance_transaction') }}
where amount_reporting is null or fee_reporting is null or net_reporting is null
group by currency
