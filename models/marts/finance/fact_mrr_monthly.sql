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

with item_months as (

    select * from {{ ref('int_finance__item_months') }}

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

amounts as (

    select
        item_months.*,
    {%- for amount in ['gross', 'net', 'net_forever_only', 'net_all_active'] %}
        ({{ major_units('item_months.mrr_' ~ amount ~ '_minor', 'currencies.api_exponent') }})
        ::numeric(18, 4) as mrr_{{ amount }}
        {{- '' if loop.last else ',' }}
    {%- endfor %}
    from item_months
    inner join currencies on item_months.currency = currencies.currency

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
        (amounts.mrr_gross - amounts.mrr_net)::numeric(18, 4) as mrr_discount,
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
    left join fx
        on
            amounts.currency = fx.currency
            and {{ local_date('amounts.snapshot_at') }} = fx.rate_date
    left join customers
        on
            amounts.customer_id = customers.customer_id
            and amounts.snapshot_at >= customers.valid_from
            and amounts.snapshot_at < customers.valid_to

)

select * from final
