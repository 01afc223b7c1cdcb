-- One row per kind of object of Stripe that the API was asked for, in the mode of the marts.
with listings as (

    select * from {{ ref('stg_stripe__listings') }}
    where livemode = {{ var('stripe_livemode') }}

),

final as (

    select
        object_type,
        listed_at
    from listings

)

select * from final
