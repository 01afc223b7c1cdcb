-- One row per dbt invocation and node it executed, with when it ended.
{{ config(meta={'grain': ['result_key'], 'owner': 'data-team'}) }}

with results as (

    select * from {{ ref('stg_ops__build_result') }}

),

runs as (

    select * from {{ ref('stg_ops__build_run') }}

),

final as (

    select
        {{ surrogate_key(['results.invocation_id', 'results.unique_id']) }} as result_key,
        results.invocation_id,
        results.unique_id,
        results.resource_type,
        results.node_name,
        runs.command,
        results.status,
        results.failures_count,
        results.rows_count,
        results.message_class,
        coalesce(results.started_at, runs.started_at) as started_at,
        -- what was skipped has no time of its own
        coalesce(results.completed_at, runs.completed_at) as completed_at,
        extract(epoch from results.completed_at - results.started_at)::numeric(12, 3)
            as duration_seconds
    from results
    inner join runs on results.invocation_id = runs.invocation_id

)

select * from final
