{{ config(materialized='view') }}

select
    results.*,
    nodes.database_name,
    nodes.schema_name,
    nodes.tags,
    nodes.package_name,
    nodes.path,
    nodes.original_path,
    nodes.owner,
    nodes.alias
from {{ ref('dbt_run_results') }} as results
inner join {{ ref('dbt_models') }} as nodes on results.unique_id = nodes.unique_id
