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
        coalesce(booked.date, failed.date) as date,
        coalesce(booked.currency, failed.currency) as currency,
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
    full outer join failed on booked.date = failed.date and booked.currency = failed.currency

),

final as (

    select
        ---------- keys
        {{ date_key('daily.date') }} as date_key,
        {{ surrogate_key(['daily.currency']) }} as currency_key,
        daily.date,

        ---------- amounts
        daily.currency,
        daily.gross_sales::numeric(18, 4) as gross_sales,
        daily.refunds::numeric(18, 4) as refunds,
        daily.disputes::numeric(18, 4) as disputes,
        daily.fees::numeric(18, 4) as fees,
        daily.net_revenue::numeric(18, 4) as net_revenue,
        daily.payouts::numeric(18, 4) as payouts,
        daily.failed_charges::numeric(18, 4) as failed_charges,
        daily.balance_change::numeric(18, 4) as balance_change,
        (sum(daily.balance_change) over (
            partition by daily.currency
            order by daily.date
        ))::numeric(18, 4) as closing_balance,
        daily.failed_charges_count,

        ---------- reporting
        {{ reporting_amount('daily.gross_sales', 'daily.currency') }} as gross_sales_reporting,
        {{ reporting_amount('daily.refunds', 'daily.currency') }} as refunds_reporting,
        {{ reporting_amount('daily.disputes', 'daily.currency') }} as disputes_reporting,
        {{ reporting_amount('daily.fees', 'daily.currency') }} as fees_reporting,
        {{ reporting_amount('daily.net_revenue', 'daily.currency') }} as net_revenue_reporting,
        {{ reporting_amount('daily.payouts', 'daily.currency') }} as payouts_reporting,
        {{ reporting_amount('daily.failed_charges', 'daily.currency') }} as failed_charges_reporting
    from daily
    left join fx_daily as fx
        on daily.currency = fx.currency and daily.date = fx.rate_date

)

select * from final
