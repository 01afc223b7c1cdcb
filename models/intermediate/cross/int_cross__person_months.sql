-- One row per learner somebody ever paid for and month since, with payment and activity in it.
with charge_persons as (

    select * from {{ ref('int_cross__charge_persons') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}
    where is_paid and status = 'succeeded' and amount_captured_minor > 0

),

customer_persons as (

    select * from {{ ref('int_cross__customer_persons') }}

),

mrr_months as (

    select * from {{ ref('fact_mrr_monthly') }}

),

accounts as (

    select * from {{ ref('int_cross__person_accounts') }}
    where source_system <> 'stripe'

),

days as (

    select * from {{ ref('student_daily_activity') }}
    where engagement_events_count > 0

),

as_of as (

    select * from {{ ref('int_cross__as_of') }}

),

paid as (

    select
        charge_persons.person_key,
        {{ local_month('charges.created_at') }} as month_start_date,
        'payment' as basis
    from charge_persons
    inner join charges on charge_persons.charge_id = charges.charge_id

    union all

    select
        customer_persons.person_key,
        mrr_months.month_start_date,
        'subscription' as basis
    from mrr_months
    inner join customer_persons on mrr_months.customer_id = customer_persons.customer_id
    where mrr_months.mrr_net > 0

),

paid_months as (

    select
        person_key,
        month_start_date,
        bool_or(basis = 'subscription') as has_subscription,
        min(month_start_date) over (partition by person_key) as first_month
    from paid
    group by person_key, month_start_date

),

payers as (

    select distinct
        person_key,
        first_month
    from paid_months

),

-- of whoever has no account nobody can say that they are inactive
spine as (

    select
        payers.person_key,
        month.starts_at::date as month_start_date,
        (month.starts_at + interval '1 month')::date - 1 as month_end_date
    from payers
    cross join as_of
    cross join
        lateral generate_series(
            greatest(payers.first_month, as_of.first_known_month)::timestamp,
            {{ local_month('as_of.as_of') }}::timestamp,
            interval '1 month'
        ) as month (starts_at)
    where payers.person_key in (select accounts.person_key from accounts)

),

activity as (

    select
        accounts.person_key,
        date_trunc('month', days.date::timestamp)::date as month_start_date,
        count(distinct days.date)::integer as active_days,
        max(days.date) as last_active_on
    from days
    inner join accounts on days.student_hash = accounts.source_id
    group by accounts.person_key, date_trunc('month', days.date::timestamp)

),

final as (

    select
        spine.person_key,
        spine.month_start_date,
        spine.month_end_date,
        paid_months.person_key is not null as is_paying,
        coalesce(paid_months.has_subscription, false) as has_subscription,
        coalesce(activity.active_days, 0) as active_days,
        max(activity.last_active_on) over (
            partition by spine.person_key order by spine.month_start_date
        ) as last_active_on,
        as_of.as_of
    from spine
    cross join as_of
    left join paid_months
        on
            spine.person_key = paid_months.person_key
            and spine.month_start_date = paid_months.month_start_date
    left join activity
        on
            spine.person_key = activity.person_key
            and spine.month_start_date = activity.month_start_date

)

select * from final
