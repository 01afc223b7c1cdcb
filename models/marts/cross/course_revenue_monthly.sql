-- One row per course, month and currency of settlement with revenue; null for no course.
{{
    config(
        indexes=[
            {'columns': ['course_revenue_key'], 'unique': true},
            {'columns': ['course_id', 'month_start_date']},
        ],
        meta={
            'grain': ['course_id', 'month_start_date', 'currency'], 'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

{%- set amounts = ['gross', 'refunds', 'disputes', 'fees_allocated', 'net_revenue'] %}

with bookings as (

    select
        *,
        {{ local_month('created_at') }} as month_start_date
    from {{ ref('int_cross__course_ledger') }}

),

charge_persons as (

    select * from {{ ref('int_cross__charge_persons') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

learners as (

    select
        bookings.month_start_date,
        bookings.course_id,
        bookings.currency,
        -- of whom nothing is known every payment is somebody's
        count(distinct coalesce(charge_persons.person_key, bookings.charge_id))::integer
            as paying_learners
    from bookings
    left join charge_persons on bookings.charge_id = charge_persons.charge_id
    where bookings.ledger_group = 'sales' and bookings.amount > 0
    group by bookings.month_start_date, bookings.course_id, bookings.currency

),

months as (

    select
        month_start_date,
        course_id,
        currency,
        {% for suffix in ['', '_reporting'] %}
            {{ sum_if_known('amount' ~ suffix, "ledger_group = 'sales'") }}
                as {{ 'gross' ~ suffix }},
            -{{ sum_if_known('amount' ~ suffix, "ledger_group = 'refunds'") }}
                as {{ 'refunds' ~ suffix }},
            -{{ sum_if_known('amount' ~ suffix, "ledger_group = 'disputes'") }}
                as {{ 'disputes' ~ suffix }},
            {{ sum_if_known('fee' ~ suffix) }}
            - {{ sum_if_known('amount' ~ suffix, "ledger_group = 'fees'") }}
                as {{ 'fees_allocated' ~ suffix }},
            {{ sum_if_known('amount' ~ suffix ~ ' - fee' ~ suffix) }}
                as {{ 'net_revenue' ~ suffix }},
        {% endfor %}
        {% for allocation in ['direct', 'bundle', 'all_access'] %}
            {{ sum_if_known('amount - fee', "allocation = '" ~ allocation ~ "'") }}
                as net_{{ allocation }},
        {% endfor %}
        string_agg(distinct unallocated_reason, ', ' order by unallocated_reason)
            as unallocated_reasons
    from bookings
    group by month_start_date, course_id, currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key([
            'months.course_id', date_key('months.month_start_date'), 'months.currency'
        ]) }} as course_revenue_key,
        coalesce(courses.course_key, {{ version_key('null::bigint') }}) as course_key,
        {{ date_key('months.month_start_date') }} as date_key,
        {{ surrogate_key(['months.currency']) }} as currency_key,

        ---------- ids
        months.month_start_date,
        months.course_id,
        months.course_id is null as is_unallocated,
        months.unallocated_reasons,

        ---------- amounts in the currency of settlement
        months.currency,
        {% for amount in amounts + ['net_direct', 'net_bundle', 'net_all_access'] %}
            months.{{ amount }}::numeric(18, 4) as {{ amount }},
        {% endfor %}

        ---------- amounts in the reporting currency
        {% for amount in amounts %}
            months.{{ amount }}_reporting::numeric(18, 4) as {{ amount }}_reporting,
        {% endfor %}

        ---------- learners
        coalesce(learners.paying_learners, 0) as paying_learners,
        (months.net_revenue / nullif(learners.paying_learners, 0))::numeric(18, 4)
            as revenue_per_learner
    from months
    left join courses on months.course_id = courses.course_id
    left join learners
        on
            months.month_start_date = learners.month_start_date
            and months.course_id is not distinct from learners.course_id
            and months.currency = learners.currency

)

select * from final
