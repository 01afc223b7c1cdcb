-- One row per class of device.
{{
    config(
        indexes=[{'columns': ['device_type'], 'unique': true}],
        meta={'grain': ['device_type'], 'owner': 'data-team'},
    )
}}

with final as (

    select
        device_type,
        is_mobile,
        description
    from (
        values
        ('desktop'::text, false, 'Desktop or laptop computer'::text),
        ('mobile', true, 'Phone, in a browser'),
        ('tablet', true, 'Tablet, in a browser'),
        ('app', true, 'App of Moodle or of the producer'),
        ('other', false, 'Anything else, machines included'),
        ('web', false, 'A browser in the log of Moodle, which does not tell the device'),
        ('mixed', false, 'Several of them in one session')
    ) as classes (device_type, is_mobile, description)

)

select * from final
