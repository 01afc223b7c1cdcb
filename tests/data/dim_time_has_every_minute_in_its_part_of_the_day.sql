-- Proves that the day has 1440 minutes and that its parts begin at 0, 6, 12 and 18 o'clock.
with parts as (

    select
        day_part,
        count(*) as minutes,
        min(time_key) as first_key
    from {{ ref('dim_time') }}
    where time_key >= 0
    group by day_part

),

expected as (

    select *
    from (
        values
        ('night', 360, 0),
        ('morning', 360, 360),
        ('afternoon', 360, 720),
        ('evening', 360, 1080)
    ) as expected_parts (day_part, minutes, first_key)

)

select
    parts.day_part,
    parts.minutes,
    expected.day_part as expected_day_part
from parts
full outer join expected
    on
        parts.day_part = expected.day_part
        and parts.minutes = expected.minutes
        and parts.first_key = expected.first_key
where parts.day_part is null or expected.day_part is null
