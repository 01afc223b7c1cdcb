-- One row per line of an invoice and day on which some of it is earned or taken back.
{{ config(meta={'grain': ['invoice_line_id', 'recognised_on'], 'owner': 'data-team'}) }}

with lines as (

    select * from {{ ref('int_finance__earned_lines') }}

),

steps as (

    select * from {{ ref('int_finance__deferral_steps') }}

),

days as (

    select
        lines.invoice_line_id,
        day_number
    from lines
    cross join lateral generate_series(0, lines.days_count - 1) as day_number
    union
    -- what is taken back when all is earned
    select
        invoice_line_id,
        day_number
    from steps

),

taken_back as (

    select
        invoice_line_id,
        day_number,
        sum(earned_back_minor) as earned_back_minor
    from steps
    group by invoice_line_id, day_number

),

earned as (

    select
        lines.*,
        days.day_number,
        case
            when days.day_number < lines.days_count
                then
                    round(
                        lines.amount_ex_tax_minor
                        * (days.day_number + 1)
                        / lines.days_count::numeric
                    )
                    - round(lines.amount_ex_tax_minor * days.day_number / lines.days_count::numeric)
            else 0
        end as scheduled_minor,
        case
            when days.day_number < lines.days_count
                then
                    coalesce(steps.share_left, 1)
                    * lines.amount_ex_tax_minor / lines.days_count::numeric
            else 0
        end
        - coalesce(taken_back.earned_back_minor, 0) as exact_minor
    from days
    inner join lines on days.invoice_line_id = lines.invoice_line_id
    left join steps
        on
            days.invoice_line_id = steps.invoice_line_id
            and days.day_number >= steps.day_number
            and days.day_number < coalesce(steps.next_day_number, 'infinity'::float)
    left join taken_back
        on
            days.invoice_line_id = taken_back.invoice_line_id
            and days.day_number = taken_back.day_number

),

-- running sums are rounded, not days: so the days add up to the whole. First to what divisions
-- leave exact, because a sum that ends in a half must not fall short of it
summed as (

    select
        *,
        round(
            round(
                sum(exact_minor) over (partition by invoice_line_id order by day_number), 8
            )
        ) as until_minor
    from earned

),

final as (

    select
        invoice_line_id,
        invoice_id,
        customer_id,
        subscription_id,
        product_id,
        currency,
        is_proration,
        finalized_at,
        starts_on + day_number as recognised_on,
        scheduled_minor::numeric(24, 0) as scheduled_minor,
        (
            until_minor
            - lag(until_minor, 1, 0::numeric) over (
                partition by invoice_line_id order by day_number
            )
        )::numeric(24, 0) as recognised_minor
    from summed

)

select * from final
where scheduled_minor <> 0 or recognised_minor <> 0
