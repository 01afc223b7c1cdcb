-- One row: the instant up to which both learning and payments are known.
with site as (

    select
        first_seen_at,
        last_seen_at
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

charges as (

    select max(created_at) as last_seen_at from {{ ref('int_finance__charges') }}

),

final as (

    select
        site.first_seen_at as learning_seen_from,
        -- whatever is missing after it may still come
        least(site.last_seen_at, charges.last_seen_at) as as_of
    from site
    cross join charges

)

select * from final
