-- One row per learner somebody ever paid for and month since: who learns, who pays, or neither.
{{
    config(
        indexes=[
            {'columns': ['person_key', 'month_start_date'], 'unique': true},
            {'columns': ['month_start_date', 'quadrant']},
        ],
        meta={
            'grain': ['person_key', 'month_start_date'], 'owner': 'data-team', 'kind': 'aggregate',
        },
    )
}}

with months as (

    select * from {{ ref('int_cross__person_months') }}

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

cancellations as (

    select
        customer_persons.person_key,
        {{ local_date('coalesce(subscriptions.ended_at, subscriptions.canceled_at)') }}
            as cancelled_on
    from (select * from {{ ref('int_finance__subscriptions') }}) as subscriptions
    inner join customer_persons on subscriptions.customer_id = customer_persons.customer_id
    where subscriptions.is_current and subscriptions.status = 'canceled'

),

cancelled as (

    select
        months.person_key,
        months.month_start_date,
        max(cancellations.cancelled_on) as cancelled_on
    from months
    inner join cancellations
        on
            months.person_key = cancellations.person_key
            and months.month_end_date >= cancellations.cancelled_on
    where not months.is_paying
    group by months.person_key, months.month_start_date

),

judged as (

    select
        months.*,
        persons.student_hash,
        months.active_days > 0 as is_active,
        cancelled.cancelled_on,
        cancelled.cancelled_on - months.last_active_on as silent_days_before_cancel,
        months.month_end_date < {{ local_date('months.as_of') }} as is_complete,
        least(months.month_end_date, {{ local_date('months.as_of') }}) - months.last_active_on
            as silent_days
    from months
    inner join persons on months.person_key = persons.person_key
    left join cancelled
        on
            months.person_key = cancelled.person_key
            and months.month_start_date = cancelled.month_start_date

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['judged.person_key', date_key('judged.month_start_date')]) }}
            as person_month_key,
        {{ date_key('judged.month_start_date') }} as date_key,
        coalesce(learners.learner_key, {{ version_key('judged.student_hash') }}) as learner_key,

        ---------- ids
        judged.person_key,
        judged.student_hash,
        judged.month_start_date,

        ---------- quadrant
        judged.is_active,
        judged.is_paying,
        concat_ws(
            ' and ',
            case when judged.is_active then 'active' else 'inactive' end,
            case when judged.is_paying then 'paying' else 'lapsed' end
        ) as quadrant,
        not judged.is_active and judged.is_paying as is_silent_churn_risk,
        case
            when not judged.is_active and judged.is_paying
                then
                    'pays'
                    || case when judged.has_subscription then ' by subscription' else '' end
                    || ' and '
                    || coalesce(
                        'was last there ' || judged.silent_days || ' days before', 'never came'
                    )
        end as risk_reason,

        ---------- activity
        judged.active_days,
        judged.last_active_on,
        judged.silent_days,

        ---------- payment
        judged.has_subscription,
        judged.cancelled_on,
        judged.silent_days_before_cancel,
        judged.is_complete
    from judged
    left join learners on judged.student_hash = learners.student_hash

)

select * from final
