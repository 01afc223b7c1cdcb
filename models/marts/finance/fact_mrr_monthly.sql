-- One row per customer, subscription item and month with recurring revenue at the month's end.
{{
    config(
        indexes=[
            {'columns': ['mrr_monthly_key'], 'unique': true},
            {'columns': ['customer_id', 'month_start_date']},
        ],
        meta={
            'grain': ['customer_id', 'subscription_item_id', 'month_start_date'],
            'owner': 'data-team',
        },
    )
}}

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

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx as (

    select * from {{ ref('int_finance__fx_daily') }}

),

month_ends as (

    select
        item_mrr.*,
        months.month_start_date,
        months.month_end_date,
        months.snapshot_at,
        months.is_complete,
        {{ local_date('months.snapshot_at') }} as snapshot_date
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

amounts as (

    select
        month_ends.*,
        month_ends.snapshot_date - {{ local_date('arrears.owed_from') }} as days_past_due,
        {%- for amount in ['gross', 'net', 'net_forever_only', 'net_all_active'] %}
        {{ major_units('month_ends.mrr_' ~ amount ~ '_minor', 'currencies.api_exponent') }}
        ::numeric(18, 4) as mrr_{{ amount }}
        {{- '' if loop.last else ',' }}
        {%- endfor %}
    from month_ends
    inner join currencies on month_ends.currency = currencies.currency
    left join arrears
        on
            month_ends.subscription_id = arrears.subscription_id
            and month_ends.month_start_date = arrears.month_start_date

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['amounts.item_id', date_key('amounts.month_start_date')]) }}
            as mrr_monthly_key,
        coalesce(customers.customer_key, {{ version_key('amounts.customer_id') }}) as customer_key,
        {{ date_key('amounts.month_end_date') }} as date_key,
        {{ surrogate_key(['amounts.currency']) }} as currency_key,

        ---------- ids
        amounts.month_start_date,
        amounts.customer_id,
        amounts.subscription_id,
        amounts.item_id as subscription_item_id,
        amounts.price_id,
        amounts.product_id,

        ---------- amounts
        amounts.currency,
        amounts.quantity,
        amounts.mrr_gross,
        amounts.mrr_gross - amounts.mrr_net as mrr_discount,
        amounts.mrr_net,
        amounts.mrr_net_forever_only,
        amounts.mrr_net_all_active,
        {{ reporting_amount('amounts.mrr_net', 'amounts.currency') }} as mrr_reporting,

        ---------- classification
        amounts.is_past_due,
        amounts.days_past_due,
        amounts.is_complete,

        ---------- timestamps
        amounts.snapshot_at
    from amounts
    left join fx on amounts.currency = fx.currency and amounts.snapshot_date = fx.rate_date
    left join customers
        on
            amounts.customer_id = customers.customer_id
            and amounts.snapshot_at >= customers.valid_from
            and amounts.snapshot_at < customers.valid_to

)

select * from final
