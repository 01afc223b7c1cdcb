-- Proves that addresses shrink to /24 and /48, and that everything else becomes null, not an error.
with cases as (

    select *
    from (
        values
        ('203.0.113.77', '203.0.113.0/24'),
        ('0.0.0.0', '0.0.0.0/24'),
        ('255.255.255.255', '255.255.255.0/24'),
        ('2001:db8:1234:5678:9abc:def0:1:2', '2001:db8:1234::/48'),
        ('2001:DB8:1234::1', '2001:db8:1234::/48'),
        ('2001:db8::', '2001:db8::/48'),
        ('fe80::1:2:3', 'fe80::/48'),
        ('::1', '::/48'),
        ('::', '::/48'),
        -- not addresses, or not as Moodle writes them
        (null, null),
        ('', null),
        ('unknown', null),
        ('999.1.1.1', null),
        ('256.0.0.1', null),
        ('1.2.3', null),
        ('1.2.3.4.5', null),
        ('1.2.3.4 ', null),
        ('1.2.3.4:80', null),
        ('203.0.113.77/24', null),
        ('1:2:3:4:5:6:7', null),
        ('1:2:3:4:5:6:7:8:9', null),
        ('1::2::3', null),
        (':::', null),
        ('1::2:3:4:5:6:7:8', null),
        ('12345::1', null),
        ('2001:db8::g', null),
        ('fe80::1%eth0', null),
        ('::ffff:192.0.2.1', null)
    ) as examples (ip, expected)

)

select *
from cases
where {{ truncate_ip('ip') }} is distinct from expected
