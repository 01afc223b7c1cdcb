-- One row per session and video somebody watched in it: how much of it was seen.
{{
    config(
        materialized='incremental',
        event_time='session_start',
        unique_key='session_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['video_watch_key'], 'unique': true},
            {'columns': ['session_id']},
            {'columns': ['student_hash', 'started_at']},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['session_id', 'video_id'], 'owner': 'data-team',
            'exists_column': 'video_watch_key',
        },
    )
}}

with events as not materialized (

    select
        *,
        {{ watched_range('watched_from_seconds', 'watched_to_seconds') }} as watched_range
    from {{ ref('fact_learning_event') }}
    where topic = 'video' and source_object_id is not null and session_id is not null

),

changed as (

    select
        session_id,
        student_hash,
        ts
    from events
    where {{ arrived_since_last_build() }}

),

touched as (

    select distinct session_id from changed
    {% if is_incremental() %}
        union
        -- sessions with a video that once began at a changed event: they may have merged
        select built.session_id
        from {{ this }} as built
        inner join changed
            on built.student_hash = changed.student_hash and built.started_at = changed.ts
    {% endif %}

),

watched as (

    select
        session_id,
        source_object_id as video_id,
        min(student_hash) as student_hash,
        (array_agg(learner_key order by ts, event_id))[1] as learner_key,
        (array_agg(course_id order by ts, event_id) filter (where course_id is not null))[1]
            as course_id,
        (array_agg(course_key order by ts, event_id) filter (where course_id is not null))[1]
            as course_key,
        (array_agg(chapter_id order by ts, event_id) filter (where chapter_id is not null))[1]
            as chapter_id,
        min(session_started_at) as session_start,
        min(ts) as started_at,
        max(ts) as ended_at,
        count(*) as events_count,
        max(video_length_seconds) as video_length_seconds,
        {{ range_seconds('range_agg(watched_range)') }} as watched_seconds,
        coalesce(sum(upper(watched_range) - lower(watched_range)), 0) as played_seconds,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from events
    {% if is_incremental() %}
        where session_id in (select touched.session_id from touched)
    {% endif %}
    group by session_id, source_object_id

),

final as (

    select
        ---------- keys
        case
            when watched.video_id is not null
                then {{ surrogate_key(['watched.session_id', 'watched.video_id']) }}
        end as video_watch_key,
        watched.learner_key,
        coalesce(watched.course_key, {{ version_key('null::bigint') }}) as course_key,
        {{ date_key(local_date('watched.started_at')) }} as date_key,

        ---------- ids
        touched.session_id,
        watched.student_hash,
        watched.video_id,
        watched.course_id,
        watched.chapter_id,

        ---------- measures
        watched.video_length_seconds::numeric(12, 3) as video_length_seconds,
        watched.watched_seconds::numeric(12, 3) as watched_seconds,
        (watched.played_seconds - watched.watched_seconds)::numeric(14, 3) as replay_seconds,
        case
            when watched.video_length_seconds > 0
                then least(100 * watched.watched_seconds / watched.video_length_seconds, 100)
        end::numeric(5, 2) as video_watch_pct,
        watched.events_count::integer as events_count,

        ---------- timestamps
        watched.session_start,
        watched.started_at,
        watched.ended_at,

        ---------- bookkeeping
        watched._load_id,
        watched._loaded_at
    from touched
    -- an increment also returns the sessions without a video any more, to be deleted
    {{ 'left' if is_incremental() else 'inner' }} join watched
        on touched.session_id = watched.session_id

)

select * from final
