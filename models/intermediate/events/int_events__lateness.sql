-- One row per topic, day of arrival and lateness, rounded to two digits: how many records.
{{
    config(
        materialized='incremental',
        event_time='arrival_date',
        unique_key=['topic', 'arrival_date', 'lateness_seconds'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['topic', 'arrival_date', 'lateness_seconds'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['topic', 'arrival_date', 'lateness_seconds'], 'owner': 'data-team'},
    )
}}

with arrivals as (

    select
        *,
        (_loaded_at at time zone 'UTC')::date as arrival_date,
        floor(extract(epoch from _loaded_at - occurred_at))::bigint as seconds,
        {{ is_misdated('occurred_at', '_loaded_at') }} as is_misdated
    from {{ ref('int_events__arrivals') }}
    where {{ arrived_since_last_build() }}

),

rounded as (

    select
        topic,
        arrival_date,
        -- -1 for a wrong clock, which tells no lateness; a clock slightly ahead is in time
        case
            when is_misdated then -1
            when seconds < 0 then 0
            when seconds < 100 then seconds
            else seconds - seconds % (10 ^ (length(seconds::text) - 2))::bigint
        end as lateness_seconds,
        count(*) as records_count,
        count(*) filter (
            where not is_misdated and seconds > 60 * {{ var('late_after_minutes') }}
        ) as late_count,
        count(*) filter (where not is_misdated and occurred_at > _loaded_at) as ahead_count,
        max(_load_id) as _load_id
    from arrivals
    group by topic, arrival_date, lateness_seconds

),

final as (

    select
        rounded.topic,
        rounded.arrival_date,
        rounded.lateness_seconds,
        -- raw rows are only ever added, so a record is counted once, when it arrives
        {%- for column in ['records_count', 'late_count', 'ahead_count'] %}
            {%- if is_incremental() %}
                rounded.{{ column }} + coalesce(known.{{ column }}, 0) as {{ column }},
            {%- else %}
                rounded.{{ column }},
            {%- endif %}
        {%- endfor %}
        rounded._load_id
    from rounded
    {% if is_incremental() %}
        left join {{ this }} as known
            on
                rounded.topic = known.topic
                and rounded.arrival_date = known.arrival_date
                and rounded.lateness_seconds = known.lateness_seconds
    {% endif %}

)

select * from final
