-- Proves that classes, words and user agents give the class of the device.
with cases as (

    select *
    from (
        values
        (null, null),
        ('desktop', 'desktop'),
        ('Mobile', 'mobile'),
        ('TABLET', 'tablet'),
        ('app', 'app'),
        ('other', 'other'),
        ('iPhone', 'mobile'),
        ('iPad', 'tablet'),
        ('android', 'mobile'),
        ('ios', 'mobile'),
        ('android-app', 'app'),
        ('web', 'desktop'),
        ('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0', 'desktop'),
        ('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15', 'desktop'),
        ('Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0', 'desktop'),
        ('Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36', 'mobile'),
        ('Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/126.0 Safari/537.36', 'tablet'),
        ('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148', 'mobile'),
        ('Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Mobile/15E148', 'tablet'),
        ('MoodleMobile 4.4.0 (44000)', 'app'),
        ('curl/8.5.0', 'other'),
        ('', 'other')
    ) as examples (device, class)

)

select *
from cases
where class is distinct from {{ device_class('device') }}
