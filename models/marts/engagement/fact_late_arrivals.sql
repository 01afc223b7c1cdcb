-- One row per topic and day: records that arrived on it, and how late they were.
{{
    config(
        materialized='incremental',
        event_time='arrival_date',
        unique_key=['topic', 'arrival_date'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['topic', 'arrival_date'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['topic', 'arrival_date'], 'owner': 'data-team'},
    )
}}

with lateness as not materialized (

    select * from {{ ref('int_events__lateness') }}

),

days as (

    select
        *,
        sum(records_count) filter (where lateness_seconds >= 0) over arrival_day as dated_count,
        sum(records_count) filter (where lateness_seconds >= 0) over (
            arrival_day order by lateness_seconds
        ) as reached_count
    from lateness
    {% if is_incremental() %}
        where (topic, arrival_date) in (
            select
                changed.topic,
                changed.arrival_date
            from lateness as changed
            where {{ arrived_since_last_build('changed') }}
        )
    {% endif %}
    window arrival_day as (partition by topic, arrival_date)

),

final as (

    select
        {{ surrogate_key(['topic', date_key('arrival_date')]) }} as late_arrivals_key,
        {{ date_key('arrival_date') }} as date_key,
        topic,
        arrival_date,
        sum(records_count)::integer as records_count,
        sum(late_count)::integer as late_count,
        (sum(late_count) / nullif(max(dated_count), 0))::numeric(5, 4) as late_rate,
        {% for percent in [50, 90, 95, 99] %}
            (
                min(lateness_seconds) filter (
                    where
                    lateness_seconds >= 0
                    and reached_count >= dated_count * {{ percent / 100 }}
                )
            )::bigint as lateness_p{{ percent }}_seconds,
        {% endfor %}
        max(lateness_seconds) filter (where lateness_seconds >= 0)::bigint as lateness_max_seconds,
        sum(ahead_count)::integer as ahead_count,
        coalesce(sum(records_count) filter (where lateness_seconds < 0), 0)::integer
            as misdated_count,
        max(_load_id) as _load_id
    from days
    group by topic, arrival_date

)

select * from final
