-- One row per place an address may be in.
{{
    config(
        indexes=[{'columns': ['ip_geo'], 'unique': true}],
        meta={'grain': ['ip_geo'], 'owner': 'data-team'},
    )
}}

with networks as (

    select * from {{ ref('int_events__networks') }}

),

final as (

    select
        ip_geo,
        country,
        nullif(region, '') as region,
        count(*)::integer as networks_count
    from networks
    group by ip_geo, country, region

)

select * from final
