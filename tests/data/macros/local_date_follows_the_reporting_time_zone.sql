-- Proves that the date changes at the zone's midnight, in winter, in summer and on the nights the
-- clocks change. Only the cases of the project's own zone are asked; other zones are covered by
-- the unit tests of int_learning__learner_course_days.
with cases as (

    select *
    from (
        values
        ('UTC', timestamptz '2026-01-10 23:59:59.999999+00', date '2026-01-10'),
        ('UTC', timestamptz '2026-01-11 00:00:00+00', date '2026-01-11'),
        ('UTC', timestamptz '2026-01-11 00:30:00+01', date '2026-01-10'),
        ('UTC', null, null),
        ('Europe/Berlin', timestamptz '2026-01-10 22:59:59+00', date '2026-01-10'),
        ('Europe/Berlin', timestamptz '2026-01-10 23:00:00+00', date '2026-01-11'),
        ('Europe/Berlin', timestamptz '2026-07-10 21:59:59+00', date '2026-07-10'),
        ('Europe/Berlin', timestamptz '2026-07-10 22:00:00+00', date '2026-07-11'),
        ('Europe/Berlin', timestamptz '2026-03-29 21:59:59+00', date '2026-03-29'),
        ('Europe/Berlin', timestamptz '2026-03-29 22:00:00+00', date '2026-03-30'),
        ('Europe/Berlin', timestamptz '2026-10-25 22:59:59+00', date '2026-10-25'),
        ('Europe/Berlin', timestamptz '2026-10-25 23:00:00+00', date '2026-10-26'),
        ('America/New_York', timestamptz '2026-01-11 04:59:59+00', date '2026-01-10'),
        ('America/New_York', timestamptz '2026-01-11 05:00:00+00', date '2026-01-11'),
        ('America/New_York', timestamptz '2026-07-11 03:59:59+00', date '2026-07-10'),
        ('America/New_York', timestamptz '2026-07-11 04:00:00+00', date '2026-07-11')
    ) as examples (zone, instant, expected)

)

select *
from cases
where
    zone = '{{ var("reporting_timezone") }}'
    and {{ local_date('instant') }} is distinct from expected
