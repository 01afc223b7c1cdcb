-- One row per kind of object of Stripe and mode, with how far the API was asked for it.
with source as (

    select * from {{ source('stripe_positions', 'stripe_position') }}

),

final as (

    select
        object_type,
        livemode,
        complete_at as listed_at
    from source
    where complete_at is not null

)

select * from final
