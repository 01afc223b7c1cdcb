-- One row per customer, currency and month in which the customer had recurring revenue in it.
{{ config(meta={'grain': ['customer_id', 'currency', 'month_start_date'], 'owner': 'data-team'}) }}

{%- set movements = ['new', 'reactivation', 'expansion', 'contraction', 'churn'] %}

with months as (

    select * from {{ ref('int_finance__months') }}

),

changes as (

    select * from {{ ref('int_finance__mrr_changes') }}

),

changed as (

    select
        changes.customer_id,
        changes.currency,
        months.month_start_date,
        sum(changes.delta_minor) as delta_minor,
        {%- for movement in movements %}
            sum(abs(changes.delta_minor)) filter (where changes.movement = '{{ movement }}')
                as {{ movement }}_minor,
        {%- endfor %}
        sum(abs(changes.delta_minor)) filter (
            where changes.movement = 'churn' and changes.is_involuntary
        ) as involuntary_churn_minor
    from changes
    inner join months
        on changes.changed_at >= months.starts_at and changes.changed_at < months.ends_at
    group by changes.customer_id, changes.currency, months.month_start_date

),

accounts as (

    select
        customer_id,
        currency,
        min(month_start_date) as first_month_start_date
    from changed
    group by customer_id, currency

),

balances as (

    select
        accounts.customer_id,
        accounts.currency,
        months.month_start_date,
        months.month_end_date,
        months.snapshot_at,
        months.is_complete,
        coalesce(changed.delta_minor, 0) as delta_minor,
        sum(coalesce(changed.delta_minor, 0)) over (
            partition by accounts.customer_id, accounts.currency order by months.month_start_date
        ) as closing_minor,
    {%- for movement in movements + ['involuntary_churn'] %}
        coalesce(changed.{{ movement }}_minor, 0) as {{ movement }}_minor
        {{- '' if loop.last else ',' }}
    {%- endfor %}
    from accounts
    inner join months on accounts.first_month_start_date <= months.month_start_date
    left join changed
        on
            accounts.customer_id = changed.customer_id
            and accounts.currency = changed.currency
            and months.month_start_date = changed.month_start_date

),

final as (

    select
        customer_id,
        currency,
        month_start_date,
        month_end_date,
        snapshot_at,
        is_complete,
        (closing_minor - delta_minor)::numeric(24, 4) as opening_minor,
        {%- for movement in movements + ['involuntary_churn'] %}
            {{ movement }}_minor::numeric(24, 4) as {{ movement }}_minor,
        {%- endfor %}
        closing_minor::numeric(24, 4) as closing_minor
    from balances
    -- a month of somebody who is gone has nothing to tell; one in which they came and went has
    where greatest(closing_minor, closing_minor - delta_minor, new_minor, reactivation_minor) > 0

)

select * from final
