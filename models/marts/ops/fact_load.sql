-- One row per completed load.
{{ config(meta={'grain': ['load_id'], 'owner': 'data-team'}) }}

with outcomes as (

    select * from {{ ref('int_ops__load_outcomes') }}

),

final as (

    select
        load_id,
        source,
        inserted_count,
        updated_count,
        deleted_count,
        extract(epoch from completed_at - started_at)::numeric(12, 3) as duration_seconds,
        started_at,
        completed_at
    from outcomes
    where load_id is not null

)

select * from final
