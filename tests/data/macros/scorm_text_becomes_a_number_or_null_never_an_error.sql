-- Proves that scores and times of SCORM packages are read in both versions' formats, and that
-- whatever else a package may report becomes null, not an error.
with numbers as (

    select *
    from (
        values
        ('7', 7),
        (' 7.50 ', 7.5),
        ('-3.', -3),
        ('+.5', 0.5),
        ('0', 0),
        (null, null),
        ('', null),
        ('.', null),
        ('-', null),
        ('abc', null),
        ('7,5', null),
        ('1e3', null),
        ('NaN', null),
        ('12345678901', null),
        ('7 points', null)
    ) as examples (reported, expected)

),

times as (

    select *
    from (
        values
        ('00:45:57.00', 2757),
        ('0001:02:03.99', 3723),
        ('9999:59:59', 35999999),
        ('1:2:3', 3723),
        ('PT1H2M3.99S', 3723),
        ('PT0S', 0),
        ('P1DT5S', 86405),
        ('P2D', 172800),
        ('PT90M', 5400),
        (' PT1S ', 1),
        (null, null),
        ('', null),
        ('P', null),
        ('PT', null),
        ('P1DT', null),
        ('PT5', null),
        ('P1Y', null),
        ('P1M', null),
        ('pt5s', null),
        ('00:60:00', null),
        ('00:00:60', null),
        ('45:57', null),
        ('-00:00:05', null),
        ('99999:00:00', null),
        ('PT9999999999S', null),
        ('1 hour', null)
    ) as examples (reported, expected)

),

percentages as (

    select *
    from (
        values
        (49.0, null, 100.0, null, 49.0),
        (15.0, 10.0, 30.0, 0.9, 25.0),
        (0.0, 0.0, 10.0, null, 0.0),
        (null, null, 100.0, 0.25, 25.0),
        (15.0, null, null, 1.0, 100.0),
        (15.0, null, null, -0.5, null),
        (11.0, null, 10.0, null, null),
        (-1.0, null, 10.0, null, null),
        (5.0, 5.0, 5.0, null, null),
        (null, null, null, null, null)
    ) as examples (score_raw, score_min, score_max, score_scaled, expected)

)

select reported
from numbers
where {{ scorm_number('reported') }} is distinct from expected

union all

select reported
from times
where {{ scorm_seconds('reported') }} is distinct from expected

union all

select score_raw::text as reported
from percentages
where
    {{ scorm_score_pct('score_raw', 'score_min', 'score_max', 'score_scaled') }}
    is distinct from expected
