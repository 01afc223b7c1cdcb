-- One row: the last instant at which Stripe told anything.
{{ config(meta={'grain': ['last_seen_at'], 'owner': 'data-team'}) }}

with versions as (

    select * from {{ ref('int_finance__object_versions') }}

),

final as (

    select max(valid_from) as last_seen_at
    from versions

)

select * from final
