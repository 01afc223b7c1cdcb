-- One row per network whose place is known (seed geo_networks).
with networks as (

    select * from {{ ref('geo_networks') }}

),

final as (

    select
        network,
        country,
        region,
        -- ISO 3166-2 where the region is known
        country || coalesce('-' || nullif(region, ''), '') as ip_geo
    from networks

)

select * from final
