-- One row per topic and day (UTC) on which anything of it arrived: records, and dead letters.
{{ config(meta={'grain': ['topic', 'arrival_date'], 'owner': 'data-team'}) }}

with topics as (

    select * from {{ ref('kafka_topics') }}

),

arrivals as (

    select * from {{ ref('fact_late_arrivals') }}

),

loads as (

    select * from {{ ref('stg_ops__load_manifest') }}
    where source in ('events', 'files', 'http', 'replay', 'stripe')

),

dead_letters as (

    select * from {{ ref('stg_events__dead_letter') }}

),

built as (

    select coalesce(max(_load_id), 0) as load_id from arrivals

),

-- what arrived since the last build, and what that fact does not count: the manifest tells
loaded as (

    select
        topics.topic,
        (loads.completed_at at time zone 'UTC')::date as arrival_date,
        coalesce(
            loads.tables -> topics.table_name ->> 'accepted',
            loads.tables -> topics.table_name ->> 'inserted'
        )::bigint as records_count
    from loads
    inner join topics on jsonb_exists(loads.tables, topics.table_name)
    cross join built
    where loads.load_id > built.load_id or topics.schema_name <> 'raw_events'

),

counts as (

    select
        topic,
        arrival_date,
        records_count,
        0 as rejected_count,
        0 as open_count
    from arrivals
    union all
    select
        topic,
        arrival_date,
        records_count,
        0 as rejected_count,
        0 as open_count
    from loaded
    union all
    select
        topic,
        (_loaded_at at time zone 'UTC')::date as arrival_date,
        0 as records_count,
        count(*) as rejected_count,
        count(*) filter (where not is_replayed) as open_count
    from dead_letters
    group by topic, (_loaded_at at time zone 'UTC')::date

),

final as (

    select
        topic,
        arrival_date,
        coalesce(sum(records_count), 0)::bigint as records_count,
        sum(rejected_count)::bigint as rejected_count,
        sum(open_count)::bigint as open_count
    from counts
    group by topic, arrival_date
    having coalesce(sum(records_count), 0) + sum(rejected_count) > 0

)

select * from final
