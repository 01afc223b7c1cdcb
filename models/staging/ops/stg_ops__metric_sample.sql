-- One row per sample of a metric.
with source as (

    select * from {{ source('ops', 'metric_sample') }}

),

final as (

    select
        ---------- ids
        sample_id,
        metric,
        labels,
        ---------- what was measured
        value,
        ---------- timestamps
        sampled_at,
        written_at
    from source

)

select * from final
