-- One row per metric and label set that the tables of ops tell: its value now.
{{ config(meta={'grain': ['metric', 'labels'], 'owner': 'data-team'}) }}

with freshness as (

    select * from {{ ref('source_freshness') }}

),

partitions as (

    select * from {{ ref('expected_partition') }}

),

letters as (

    select * from {{ ref('dead_letter_rate') }}

),

availability as (

    select * from {{ ref('availability_30d') }}

),

tests as (

    select * from {{ ref('dq_result') }}
    where is_latest and completed_at > {{ present() }} - interval '7 days'

),

final as (

    select
        'coursehouse_source_age_seconds' as metric,
        jsonb_build_object('source', source, 'lane', lane) as labels,
        age_seconds::double precision as value
    from freshness
    union all
    select
        'coursehouse_missing_partitions' as metric,
        jsonb_build_object('topic', topic) as labels,
        count(*) filter (where is_missing)::double precision as value
    from partitions
    group by topic
    union all
    select
        'coursehouse_dead_letter_ratio' as metric,
        jsonb_build_object('topic', topic) as labels,
        rejected_rate::double precision as value
    from letters
    where arrival_date = ({{ present() }} at time zone 'UTC')::date
    union all
    select
        'coursehouse_availability_ratio' as metric,
        jsonb_build_object('component', component) as labels,
        availability_rate::double precision as value
    from availability
    union all
    select
        'coursehouse_test_failures' as metric,
        jsonb_build_object('severity', severities.severity) as labels,
        count(tests.severity)::double precision as value
    from (values ('warn'), ('error')) as severities (severity)
    left join tests on severities.severity = tests.severity
    group by severities.severity

)

select * from final
