-- Proves that digits are accounts of Moodle, other ids those of an app, and sessions visitors.
with cases as (

    select *
    from (
        values
        ('7', 's1', 'moodle', 'moodle'),
        ('900719925474099', null, 'moodle', 'moodle'),
        -- Moodle writes no leading zeros, signs or points
        ('007', 's1', 'app', 'app'),
        ('-7', 's1', 'app', 'app'),
        ('9999999999999999999', 's1', 'app', 'app'),
        ('6f1f7c1a-0000-4000-8000-000000000007', 's1', 'app', 'app'),
        (null, 's1', null, 'visitor'),
        (null, null, null, null)
    ) as examples (user_id, session_id, without_visitors, with_visitors)

)

select *
from cases
where
    without_visitors is distinct from {{ event_person_system('user_id') }}
    or with_visitors is distinct from {{ event_person_system('user_id', visitor='session_id') }}
