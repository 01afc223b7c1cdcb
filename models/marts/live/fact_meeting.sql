-- One row per meeting, with who came and how long it took.
{{
    config(
        indexes=[{'columns': ['meeting_key'], 'unique': true}],
        meta={'grain': ['meeting_id'], 'owner': 'data-team'},
    )
}}

with meetings as (

    select * from {{ ref('int_live__meetings') }}

),

visits as (

    select * from {{ ref('fact_meeting_participation') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

attendance as (

    select
        meeting_id,
        count(distinct student_hash)::integer as unique_participants,
        count(*)::integer as visits_count,
        sum(attended_seconds)::bigint as attended_seconds
    from visits
    group by meeting_id

),

-- comings count +1, goings -1; at one instant people go before others come
comings_and_goings as (

    select
        meeting_id,
        joined_at as ts,
        1 as change
    from visits

    union all

    select
        meeting_id,
        left_at as ts,
        -1 as change
    from visits

),

present as (

    select
        meeting_id,
        sum(change) over (partition by meeting_id order by ts, change rows unbounded preceding)
            as participants
    from comings_and_goings

),

peaks as (

    select
        meeting_id,
        max(participants)::integer as peak_participants
    from present
    group by meeting_id

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['meetings.meeting_id']) }} as meeting_key,
        coalesce(courses.course_key, {{ version_key('meetings.course_id') }}) as course_key,
        {{ date_key(local_date('meetings.created_at')) }} as date_key,
        {{ time_key('meetings.created_at') }} as time_key,

        ---------- ids
        meetings.meeting_id,
        meetings.course_id,

        ---------- measures
        meetings.created_at,
        meetings.ended_at,
        meetings.is_imputed,
        round(extract(epoch from meetings.ended_at - meetings.created_at) / 60, 2)::numeric(10, 2)
            as duration_minutes,
        coalesce(attendance.unique_participants, 0) as unique_participants,
        coalesce(peaks.peak_participants, 0) as peak_participants,
        coalesce(attendance.visits_count, 0) as visits_count,
        coalesce(attendance.attended_seconds, 0) as attended_seconds,

        ---------- what the source says
        meetings.reported_participants,
        meetings.reported_duration_minutes::numeric(10, 2) as reported_duration_minutes,

        ---------- bookkeeping
        meetings._load_id,
        meetings._loaded_at
    from meetings
    left join attendance on meetings.meeting_id = attendance.meeting_id
    left join peaks on meetings.meeting_id = peaks.meeting_id
    left join courses
        on
            meetings.course_id = courses.course_id
            and {{ valid_at('courses', 'meetings.created_at', 'meetings._loaded_at') }}

)

select * from final
