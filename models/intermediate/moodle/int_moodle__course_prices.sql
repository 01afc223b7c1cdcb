-- One row per course in which people can pay for their place now.
with methods as (

    select * from {{ ref('stg_moodle__enrol') }}
    where not is_deleted and is_enabled

),

-- a payment plugin may take its price from the site's settings, another plugin may set one
paid as (

    select
        course_id,
        cost_amount,
        case when cost_amount is not null then nullif(currency, '') end as currency,
        row_number() over (
            partition by course_id
            order by cost_amount is null, sort_order, enrolment_method_id
        ) as position
    from methods
    where method_name in ('fee', 'paypal') or cost_amount > 0

),

final as (

    select
        course_id,
        cost_amount::numeric(18, 4) as list_price,
        currency as list_currency
    from paid
    where position = 1

)

select * from final
