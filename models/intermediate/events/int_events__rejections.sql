-- One row per topic and error class with records that broke their contract and were not replayed.
{{ config(meta={'grain': ['topic', 'error_class'], 'owner': 'data-team'}) }}

with dead_letters as (

    select * from {{ ref('stg_events__dead_letter') }}
    where not is_replayed

),

final as (

    select
        topic,
        error_class,
        count(*) as rejected_count,
        min(_loaded_at) as first_rejected_at,
        max(_loaded_at) as last_rejected_at
    from dead_letters
    group by topic, error_class

)

select * from final
