-- One row per dispute: what it cost, in the reporting currency.
{{ config(meta={'grain': ['dispute_id'], 'owner': 'data-team'}) }}

with disputes as (

    select * from {{ ref('fact_dispute') }}

),

fx as (

    select * from {{ ref('int_finance__fx_daily') }}

),

final as (

    select
        disputes.dispute_id,
        -- without a booking nothing was lost
        case
            when disputes.settlement_currency is null then 0
            else {{ reporting_amount('disputes.net_loss', 'disputes.settlement_currency') }}
        end::numeric(24, 4) as net_loss_reporting
    from disputes
    left join fx
        on
            disputes.settlement_currency = fx.currency
            and {{ local_date('disputes.created_at') }} = fx.rate_date

)

select * from final
