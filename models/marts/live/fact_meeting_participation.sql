-- One row per visit of a participant to a meeting: from joining to leaving.
{{
    config(
        indexes=[
            {'columns': ['participation_key'], 'unique': true},
            {'columns': ['meeting_key']},
        ],
        meta={'grain': ['meeting_id', 'student_hash', 'visit_no'], 'owner': 'data-team'},
    )
}}

with events as (

    select * from {{ ref('int_live__meeting_events') }}
    where
        event_type in ('participant_joined', 'participant_left')
        and student_hash is not null
        and not is_misdated

),

meetings as (

    select * from {{ ref('int_live__meetings') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

-- whoever joins again was gone, or came with another device: time counts once
followed as (

    select
        *,
        lead(event_type) over comings_and_goings as next_event_type,
        lead(ts) over comings_and_goings as next_ts
    from events
    window comings_and_goings as (partition by meeting_id, student_hash order by ts, event_id)

),

visits as (

    select
        followed.event_key,
        followed.meeting_id,
        followed.student_hash,
        meetings.course_id,
        followed.ts as joined_at,
        case
            when followed.next_event_type = 'participant_left' then followed.next_ts
            else greatest(followed.ts, least(followed.next_ts, meetings.ended_at))
        end as left_at,
        coalesce(followed.next_event_type <> 'participant_left', true) as is_left_imputed,
        meetings.created_at,
        meetings.ended_at,
        row_number() over (
            partition by followed.meeting_id, followed.student_hash
            order by followed.ts, followed.event_id
        ) as visit_no,
        followed._loaded_at as joined_loaded_at,
        meetings._load_id,
        meetings._loaded_at
    from followed
    inner join meetings on followed.meeting_id = meetings.meeting_id
    where followed.event_type = 'participant_joined'

),

measured as (

    select
        *,
        -- of the meeting itself: some come before it begins
        greatest(
            extract(epoch from least(left_at, ended_at) - greatest(joined_at, created_at)), 0
        ) as seconds_within,
        extract(epoch from ended_at - created_at) as meeting_seconds
    from visits

),

final as (

    select
        ---------- keys
        measured.event_key as participation_key,
        {{ surrogate_key(['measured.meeting_id']) }} as meeting_key,
        coalesce(learners.learner_key, {{ version_key('measured.student_hash') }}) as learner_key,
        {{ date_key(local_date('measured.joined_at')) }} as date_key,

        ---------- ids
        measured.meeting_id,
        measured.student_hash,
        measured.visit_no::integer as visit_no,

        ---------- measures
        measured.joined_at,
        measured.left_at,
        measured.is_left_imputed,
        round(extract(epoch from measured.left_at - measured.joined_at))::integer
            as attended_seconds,
        round(100 * measured.seconds_within / nullif(measured.meeting_seconds, 0), 2)::numeric(5, 2)
            as attendance_pct,

        ---------- bookkeeping
        measured._load_id,
        measured._loaded_at
    from measured
    left join learners
        on
            measured.student_hash = learners.student_hash
            and {{ valid_at('learners', 'measured.joined_at', 'measured.joined_loaded_at') }}

)

select * from final
