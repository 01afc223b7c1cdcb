-- One row per dbt invocation and test it executed.
{{ config(meta={'grain': ['dq_result_key'], 'owner': 'data-team'}) }}

with results as not materialized (

    select * from {{ ref('int_ops__build_results') }}
    where resource_type in ('test', 'unit_test') and status <> 'skipped'

),

final as (

    select
        result_key as dq_result_key,
        invocation_id as batch_id,
        node_name as test,
        resource_type,
        status,
        case
            when status = 'warn' then 'warn'
            when status in ('fail', 'error', 'runtime error') then 'error'
        end as severity,
        failures_count as failures,
        duration_seconds,
        completed_at,
        -- not a window function: who asks for what fails now should not sort months of results
        not exists (
            select from results as later
            where later.unique_id = results.unique_id and later.completed_at > results.completed_at
        ) as is_latest
    from results

)

select * from final
