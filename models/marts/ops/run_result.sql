-- One row per dbt invocation and model, seed or snapshot it executed.
{{ config(meta={'grain': ['run_result_key'], 'owner': 'data-team'}) }}

with results as (

    select * from {{ ref('int_ops__build_results') }}

),

final as (

    select
        result_key as run_result_key,
        invocation_id as batch_id,
        node_name as model,
        resource_type,
        command,
        status,
        rows_count as rows,
        duration_seconds,
        message_class,
        started_at,
        completed_at
    from results
    where resource_type in ('model', 'seed', 'snapshot')

)

select * from final
