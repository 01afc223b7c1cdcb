-- Proves the closing days that fall on working days, as the ECB published them for two years.
with expected as (

    select *
    from (
        values
        (date '2025-01-01'), (date '2025-04-18'), (date '2025-04-21'), (date '2025-05-01'),
        (date '2025-12-25'), (date '2025-12-26'), (date '2026-01-01'), (date '2026-04-03'),
        (date '2026-04-06'), (date '2026-05-01'), (date '2026-12-25')
    ) as published (date)

),

found as (

    select date
    from {{ ref('dim_date') }}
    where year in (2025, 2026) and is_target_closing_day and not is_weekend

)

select
    expected.date as expected_date,
    found.date as found_date
from expected
full outer join found on expected.date = found.date
where expected.date is null or found.date is null
