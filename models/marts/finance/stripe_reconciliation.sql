-- One row per object of Stripe of which its events tell something else than the API does.
{{
    config(
        indexes=[{'columns': ['object_key'], 'unique': true}],
        meta={'grain': ['object_key'], 'owner': 'data-team'},
    )
}}
{%- set account = var('stripe_account') %}

with comparisons as (

    select * from {{ ref('int_finance__object_comparisons') }}
    where
        livemode = {{ var('stripe_livemode') }}
        and account {{ "= '" ~ account ~ "'" if account else 'is null' }}

),

listings as (

    select * from {{ ref('int_finance__listings') }}

),

heard as (

    select min(first_told_at) as heard_since from comparisons

),

final as (

    select
        comparisons.object_key,
        comparisons.object_type,
        comparisons.object_id,
        comparisons.comparison,
        comparisons.differing_fields,
        comparisons.event_id,
        comparisons.told_at,
        comparisons.answered_at,
        comparisons.created_at,
        listings.listed_at
    from comparisons
    -- of other kinds the API was not asked
    inner join listings on comparisons.object_type = listings.object_type
    cross join heard
    where
        comparisons.comparison = 'differs'
        -- it was there to be listed
        or comparisons.comparison = 'events_only' and comparisons.told_at < listings.listed_at
        -- it was made, or changed, when events were heard already
        or comparisons.comparison = 'api_only'
        and (
            comparisons.created_at >= heard.heard_since
            or comparisons.answers_count > 1
        )

)

select * from final
