-- Time counted by two strategies must not stand in one table: after a change of `tot_strategy`
-- run `dbt build --full-refresh`.
select
    tot_strategy,
    count(*) as sessions_count
from {{ ref('fact_session') }}
where tot_strategy <> '{{ var("tot_strategy") }}'
group by tot_strategy
