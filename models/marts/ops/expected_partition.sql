-- One row per topic and day (UTC) on which records were expected, and whether it is missing.
{{ config(meta={'grain': ['topic', 'arrival_date'], 'owner': 'data-team'}) }}

with topics as (

    select * from {{ ref('kafka_topics') }}

),

arrived as (

    select * from {{ ref('int_ops__topic_days') }}
    where records_count > 0

),

today as (

    select ({{ present() }} at time zone 'UTC')::date as today

),

-- of a topic that never had a record nothing is expected, nor of the day that is not over
history as (

    select
        arrived.topic,
        generate_series(
            greatest(min(arrived.arrival_date), today.today - {{ var('expected_partition_days') }}),
            today.today - 1,
            interval '1 day'
        )::date as arrival_date
    from arrived
    cross join today
    group by arrived.topic, today.today

),

days as (

    select
        history.topic,
        history.arrival_date,
        coalesce(same_day.records_count, 0) as records_count,
        (
            select max(before.arrival_date) from arrived as before
            where before.topic = history.topic and before.arrival_date <= history.arrival_date
        ) as arrived_before,
        (
            select min(later.arrival_date) from arrived as later
            where later.topic = history.topic and later.arrival_date >= history.arrival_date
        ) as arrived_after
    from history
    left join arrived as same_day
        on history.topic = same_day.topic and history.arrival_date = same_day.arrival_date

),

silences as (

    select
        days.topic,
        days.arrival_date,
        days.records_count,
        -- whole days without a record, this one among them
        greatest(coalesce(days.arrived_after, today.today) - days.arrived_before - 1, 0)
            as silent_days,
        (topics.error_after_minutes / 1440.0)::numeric(8, 2) as allowed_days
    from days
    inner join topics on days.topic = topics.topic
    cross join today

),

final as (

    select
        topic,
        arrival_date,
        records_count,
        silent_days,
        allowed_days,
        silent_days > 0 and silent_days >= allowed_days as is_missing
    from silences

)

select * from final
