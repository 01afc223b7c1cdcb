-- One row per subscription item and month with recurring revenue at the month's end.
{{ config(meta={'grain': ['item_id', 'month_start_date'], 'owner': 'data-team'}) }}

with months as (

    select * from {{ ref('int_finance__months') }}

),

item_mrr as (

    select * from {{ ref('int_finance__item_mrr') }}

),

invoices as (

    select
        subscription_id,
        coalesce(due_at, finalized_at) as owed_from,
        coalesce(least(paid_at, voided_at, uncollectible_at), 'infinity') as owed_to
    from {{ ref('int_finance__invoices') }}
    where subscription_id is not null and finalized_at is not null

),

month_ends as (

    select
        item_mrr.*,
        months.month_start_date,
        months.month_end_date,
        months.snapshot_at,
        months.is_complete
    from months
    inner join item_mrr
        on
            months.snapshot_at >= item_mrr.period_from
            and months.snapshot_at < item_mrr.period_to

),

-- the oldest invoice of the subscription that was open then
arrears as (

    select
        month_ends.subscription_id,
        month_ends.month_start_date,
        min(invoices.owed_from) as owed_from
    from month_ends
    inner join invoices
        on
            month_ends.subscription_id = invoices.subscription_id
            and month_ends.snapshot_at >= invoices.owed_from
            and month_ends.snapshot_at < invoices.owed_to
    where month_ends.is_past_due
    group by month_ends.subscription_id, month_ends.month_start_date

),

final as (

    select
        month_ends.item_id,
        month_ends.subscription_id,
        month_ends.customer_id,
        month_ends.price_id,
        month_ends.product_id,
        month_ends.month_start_date,
        month_ends.month_end_date,
        month_ends.snapshot_at,
        month_ends.is_complete,
        month_ends.currency,
        month_ends.quantity,
        month_ends.mrr_gross_minor,
        month_ends.mrr_net_forever_only_minor,
        month_ends.mrr_net_all_active_minor,
        month_ends.mrr_net_minor,
        month_ends.is_past_due,
        {{ local_date('month_ends.snapshot_at') }} - {{ local_date('arrears.owed_from') }}
            as days_past_due
    from month_ends
    left join arrears
        on
            month_ends.subscription_id = arrears.subscription_id
            and month_ends.month_start_date = arrears.month_start_date

)

select * from final
