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
        -- of a month the log began in nobody can say who was not there
        ({{ local_month("(site.first_seen_at - interval '1 day')") }} + interval '1 month')::date
            as first_known_month,
        -- whatever is missing after it may still come
        least(site.last_seen_at, charges.last_seen_at) as as_of
    from charges
    left join site on true

)

select * from final
