-- One row per topic and day of arrival (UTC): how late its records came.
{{
    config(
        meta={'grain': ['topic', 'arrival_date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with arrivals as (

    select * from {{ ref('fact_late_arrivals') }}

),

final as (

    select
        topic,
        arrival_date,
        records_count,
        late_count,
        late_rate,
        lateness_p50_seconds,
        lateness_p99_seconds,
        lateness_max_seconds
    from arrivals

)

select * from final
