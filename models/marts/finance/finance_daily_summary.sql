-- One row per day and currency in which money moved or was to be moved.
{{
    config(
        indexes=[{'columns': ['date', 'currency'], 'unique': true}],
        meta={'grain': ['date', 'currency'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with bookings as (

    select
        *,
        {{ local_date('created_at') }} as date
    from {{ ref('fact_balance_transaction') }}

),

charges as (

    select
        *,
        {{ local_date('created_at') }} as date
    from {{ ref('fact_charge') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

-- what a fee took of a sale, a refund or a dispute, and fees that stand alone
booked as (

    select
        date,
        currency,
        coalesce(sum(amount) filter (where ledger_group = 'sales'), 0) as gross_sales,
        coalesce(-sum(amount) filter (where ledger_group = 'refunds'), 0) as refunds,
        coalesce(-sum(amount) filter (where ledger_group = 'disputes'), 0) as disputes,
        coalesce(sum(fee) filter (where ledger_group in ('sales', 'refunds', 'disputes')), 0)
        - coalesce(sum(net) filter (where ledger_group = 'fees'), 0) as fees,
        coalesce(
            sum(net) filter (where ledger_group in ('sales', 'refunds', 'disputes', 'fees')), 0
        ) as net_revenue,
        coalesce(-sum(net) filter (where ledger_group = 'payouts'), 0) as payouts,
        sum(net) as balance_change
    from bookings
    group by date, currency

),

failed as (

    select
        date,
        currency,
        count(*)::integer as failed_charges_count,
        sum(amount) as failed_charges
    from charges
    where status = 'failed'
    group by date, currency

),

daily as (

    select
        date,
        currency,
        coalesce(booked.gross_sales, 0) as gross_sales,
        coalesce(booked.refunds, 0) as refunds,
        coalesce(booked.disputes, 0) as disputes,
        coalesce(booked.fees, 0) as fees,
        coalesce(booked.net_revenue, 0) as net_revenue,
        coalesce(booked.payouts, 0) as payouts,
        coalesce(booked.balance_change, 0) as balance_change,
        coalesce(failed.failed_charges_count, 0) as failed_charges_count,
        coalesce(failed.failed_charges, 0) as failed_charges
    from booked
    full outer join failed using (date, currency)

),

final as (

    select
        ---------- keys
        {{ date_key('daily.date') }} as date_key,
        {{ surrogate_key(['daily.currency']) }} as currency_key,
        daily.date,

        ---------- amounts
        daily.currency,
        {%- set amounts = [
            'gross_sales', 'refunds', 'disputes', 'fees', 'net_revenue', 'payouts',
            'failed_charges',
        ] %}
        {%- for amount in amounts %}
        daily.{{ amount }}::numeric(18, 4) as {{ amount }},
        {%- endfor %}
        daily.balance_change::numeric(18, 4) as balance_change,
        (sum(daily.balance_change) over (
            partition by daily.currency
            order by daily.date
        ))::numeric(18, 4) as closing_balance,
        daily.failed_charges_count,

        ---------- reporting
        {%- for amount in amounts %}
        {{ reporting_amount('daily.' ~ amount, 'daily.currency') }} as {{ amount }}_reporting
        {{- ',' if not loop.last }}
        {%- endfor %}
    from daily
    left join fx_daily as fx
        on daily.currency = fx.currency and daily.date = fx.rate_date

)

select * from final
