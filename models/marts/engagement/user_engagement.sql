-- One row per person and day with events of the application: how engaged the person was.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key='date',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['student_hash', 'date'], 'unique': true},
            {'columns': ['date']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['student_hash', 'date'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

{%- set weights = var('engagement_weights') %}

with engagement_days as not materialized (

    select * from {{ ref('int_learning__engagement_days') }}

),

-- a day is ranked as a whole
days as (

    select * from engagement_days
    {% if is_incremental() %}
        where date in (
            select changed.date from engagement_days as changed
            where {{ arrived_since_last_build('changed') }}
        )
    {% endif %}

),

scored as (

    select
        *,
        total_events * {{ weights['events'] }} + unique_pages * {{ weights['pages'] }}
        + clicks * {{ weights['clicks'] }} as engagement_score
    from days

),

final as (

    select
        ---------- promised columns, in the promised order
        student_hash,
        date,
        total_events,
        unique_pages,
        session_count,
        round(engaged_seconds / 60.0, 2)::numeric(10, 2) as total_time_minutes,
        engagement_score::numeric(12, 1) as engagement_score,

        ---------- against the others of that day in the course
        course_id,
        percent_rank() over course_day::numeric(5, 4) as engagement_percentile,
        (count(*) over (partition by date, course_id))::integer as compared_count,
        clicks,

        ---------- keys
        {{ surrogate_key(['date', 'student_hash']) }} as user_engagement_key,
        {{ date_key('date') }} as date_key,
        learner_key,
        '{{ var("tot_strategy") }}'::text as tot_strategy,
        _load_id
    from scored
    window course_day as (partition by date, course_id order by engagement_score)

)

select * from final
