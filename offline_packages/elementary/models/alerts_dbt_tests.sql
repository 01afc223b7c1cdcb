{{ config(materialized='view') }}

select
    results.*,
    results.id as alert_id
from {{ ref('elementary_test_results') }} as results
where results.test_type = 'dbt_test' and results.status not in ('pass', 'skipped')
