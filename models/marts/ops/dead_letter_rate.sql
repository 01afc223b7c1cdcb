-- One row per topic and day (UTC): how many of its records broke their contract.
{{
    config(
        meta={'grain': ['topic', 'arrival_date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with days as (

    select * from {{ ref('int_ops__topic_days') }}

),

final as (

    select
        topic,
        arrival_date,
        records_count,
        rejected_count,
        open_count,
        (rejected_count::numeric / (records_count + rejected_count))::numeric(7, 6)
            as rejected_rate
    from days

)

select * from final
