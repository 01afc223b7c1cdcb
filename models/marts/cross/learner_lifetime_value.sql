-- One row per person somebody paid for, or who paid.
{{
    config(
        indexes=[{'columns': ['person_key'], 'unique': true}],
        meta={'grain': ['person_key'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with money as (

    select * from {{ ref('int_cross__person_money') }}

),

persons as (

    select distinct
        person_key,
        student_hash
    from {{ ref('int_cross__persons') }}

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

customer_persons as (

    select * from {{ ref('int_cross__customer_persons') }}

),

mrr_months as (

    select * from {{ ref('fact_mrr_monthly') }}

),

movements as (

    select * from {{ ref('fact_mrr_movement') }}
    where is_complete

),

months as (

    select max(month_start_date) as month_start_date from {{ ref('int_finance__months') }}

),

as_of as (

    select * from {{ ref('int_cross__as_of') }}

),

mrr as (

    select
        customer_persons.person_key,
        {{ sum_if_known('mrr_months.mrr_reporting * customer_persons.share') }} as mrr_net_reporting
    from mrr_months
    inner join months on mrr_months.month_start_date = months.month_start_date
    inner join customer_persons on mrr_months.customer_id = customer_persons.customer_id
    group by customer_persons.person_key

),

-- 1 by the churn rate of the last twelve whole months: subscribers by those who left in a month
lifetimes as (

    select
        least(
            count(*)::numeric / nullif(count(*) filter (where movements.closing_mrr = 0), 0),
            {{ var('ltv_cap_months') }}
        ) as months_to_come
    from movements
    inner join months
        on movements.month_start_date >= months.month_start_date - interval '12 months'
    where movements.opening_mrr > 0

),

valued as (

    select
        money.*,
        persons.student_hash,
        case when mrr.person_key is null then 0 else mrr.mrr_net_reporting end
            as mrr_net_reporting,
        lifetimes.months_to_come,
        as_of.as_of,
        -- who pays no longer was a customer until the last payment
        case when mrr.person_key is null then money.last_paid_at else as_of.as_of end as paid_until
    from money
    inner join persons on money.person_key = persons.person_key
    left join mrr on money.person_key = mrr.person_key
    cross join lifetimes
    cross join as_of

),

final as (

    select
        ---------- ids
        valued.person_key,
        valued.student_hash,
        coalesce(learners.learner_key, {{ version_key('valued.student_hash') }}) as learner_key,

        ---------- payments for the person
        valued.first_paid_at,
        valued.last_paid_at,
        valued.orders_count,
        valued.gross_reporting,
        valued.refunds_reporting,
        valued.disputes_reporting,
        valued.net_reporting,
        valued.mrr_net_reporting::numeric(18, 4) as mrr_net_reporting,
        -- what is known of payments may end before the last one
        case
            when valued.paid_until <= valued.first_paid_at then 0
            else extract(epoch from valued.paid_until - valued.first_paid_at) / 86400 / 30.4375
        end::numeric(6, 1) as tenure_months,

        ---------- payments by the person
        valued.paid_reporting,
        valued.persons_paid_for_count,

        ---------- value
        valued.net_reporting as ltv_historic,
        (
            valued.net_reporting
            + valued.mrr_net_reporting
            * {{ var('gross_margin_rate') }} * valued.months_to_come
        )::numeric(18, 4) as ltv_predicted,
        null::numeric(18, 4) as cac,
        '{{ var("reporting_currency") }}'::text as currency,
        valued.as_of
    from valued
    left join learners on valued.student_hash = learners.student_hash

)

select * from final
