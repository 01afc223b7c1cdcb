-- One row per scope (each currency, or all) and month: who paid within 30 days before its end.
{{ config(meta={'grain': ['scope', 'currency', 'month_start_date'], 'owner': 'data-team'}) }}

with months as (

    select * from {{ ref('int_finance__months') }}

),

balances as (

    select
        customer_id,
        currency,
        mrr_after_minor,
        changed_at as held_from,
        coalesce(
            lead(changed_at) over (partition by customer_id, currency order by changed_at),
            'infinity'
        ) as held_to
    from {{ ref('int_finance__customer_mrr') }}

),

paying as (

    select
        months.month_start_date,
        balances.customer_id,
        scopes.scope,
        scopes.currency,
        bool_or(months.snapshot_at < balances.held_to) as is_paying
    from months
    inner join balances
        on
            months.snapshot_at >= balances.held_from
            and months.snapshot_at - interval '30 days' < balances.held_to
    cross join
        lateral (
            values
            ('currency', balances.currency),
            ('all', '{{ var("reporting_currency") }}')
        ) as scopes (scope, currency)
    where balances.mrr_after_minor > 0
    group by months.month_start_date, balances.customer_id, scopes.scope, scopes.currency

),

final as (

    select
        scope,
        currency,
        month_start_date,
        count(*) as recent_customers_count,
        count(*) filter (where not is_paying) as gone_customers_count
    from paying
    group by scope, currency, month_start_date

)

select * from final
