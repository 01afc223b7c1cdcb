-- Proves that a year is 12 months, 52 weeks and 365 days, and that only known intervals have months.
with cases as (

    select *
    from (
        values
        ('day', 1, 12, 365),
        ('day', 30, 360, 365),
        ('week', 1, 12, 52),
        ('week', 4, 12, 13),
        ('month', 1, 12, 12),
        ('month', 6, 12, 2),
        ('year', 1, 12, 1),
        ('year', 2, 12, 0.5),
        ('fortnight', 1, 12, null),
        (null, null, 12, null)
    ) as examples (recurring_interval, interval_count, amount, monthly)

),

found as (

    select
        *,
        {{ monthly_amount('amount', 'recurring_interval', 'interval_count') }} as found_monthly
    from cases

)

select *
from found
where found_monthly is distinct from monthly
