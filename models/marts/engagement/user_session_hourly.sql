-- One row per hour and person with events of the application: visits it began, their duration.
{{
    config(
        materialized='incremental',
        event_time='hour',
        unique_key=['hour', 'student_hash'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'hour'], 'unique': true},
            {'columns': ['hour']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['hour', 'student_hash'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with arrived as (

    {{ first_arrivals(ref('fact_learning_event'), 'user.events') }}

),

hours as (

    select
        date_trunc('hour', ts, 'UTC') as hour,
        student_hash,
        count(*) as events_count,
        count(*) filter (where event_name = 'session_start') as sessions,
        count(duration_seconds) as durations_count,
        coalesce(sum(duration_seconds), 0) * 1000 as duration_ms,
        max(_first_load_id) as _load_id
    from arrived
    where student_hash is not null
    group by hour, student_hash

),

-- an event is counted once, when it arrives
totals as (

    select
        hours.hour,
        hours.student_hash,
        {%- for column in ['events_count', 'sessions', 'durations_count', 'duration_ms'] %}
            {%- if is_incremental() %}
                hours.{{ column }} + coalesce(known.{{ column }}, 0) as {{ column }},
            {%- else %}
                hours.{{ column }},
            {%- endif %}
        {%- endfor %}
        hours._load_id
    from hours
    {% if is_incremental() %}
        left join {{ this }} as known
            on hours.student_hash = known.student_hash and hours.hour = known.hour
    {% endif %}

),

final as (

    select
        ---------- promised columns
        hour,
        student_hash,
        sessions::integer as sessions,
        (duration_ms / nullif(durations_count, 0))::numeric(18, 6) as avg_duration,

        ---------- more
        {{ date_key(local_date('hour')) }} as date_key,
        events_count::integer as events_count,
        durations_count::integer as durations_count,
        duration_ms::numeric(18, 3) as duration_ms,
        _load_id
    from totals

)

select * from final
