-- One row per attempt of a person at a part (SCO) of a SCORM package.
{{
    config(
        materialized='incremental',
        unique_key='scorm_attempt_key',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['scorm_attempt_key'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['track_ids'], 'type': 'gin'},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['scorm_attempt_key'], 'owner': 'data-team', 'exists_column': 'scorm_id'},
    )
}}

with tracked as not materialized (

    select * from {{ ref('int_moodle__scorm_values') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

touched as (

    {{ touched_keys('tracked', ['scorm_attempt_key'], 'track_id', ['track_ids &&']) }}

),

-- where the upgrade to Moodle 4.3 left a value in both layouts, the new one counts
ranked as (

    select
        tracked.*,
        row_number() over (
            partition by tracked.scorm_attempt_key, tracked.element_name
            order by
                tracked.is_deleted asc, tracked.is_legacy asc,
                tracked.modified_at desc nulls last, tracked.track_id desc
        ) = 1 as is_valid
    from tracked
    inner join touched on tracked.scorm_attempt_key = touched.scorm_attempt_key

),

attempts as (

    select
        scorm_attempt_key,
        min(scorm_id) as scorm_id,
        min(sco_id) as sco_id,
        min(activity_id) as activity_id,
        min(course_id) as course_id,
        min(student_hash) as student_hash,
        min(attempt_no) as attempt_no,
        array_agg(track_id order by track_id) as track_ids,
        max(status_value) filter (where is_valid and measure = 'progress') as progress,
        max(status_value) filter (where is_valid and measure = 'success') as success,
        max(number_value) filter (where is_valid and measure = 'score raw') as score_raw,
        max(number_value) filter (where is_valid and measure = 'score min') as score_min,
        max(number_value) filter (where is_valid and measure = 'score max') as score_max,
        max(number_value) filter (where is_valid and measure = 'score scaled') as score_scaled,
        max(number_value) filter (where is_valid and measure = 'seconds') as total_time_seconds,
        -- SCORM 1.2 scores run from 0 to 100 unless told otherwise
        case when bool_or(is_scorm_12) then 100 end as default_max,
        least(
            to_timestamp(max(number_value) filter (where is_valid and measure = 'started')),
            min(modified_at)
        ) as started_at,
        max(modified_at) as last_track_at,
        bool_and(is_deleted) as is_deleted,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from ranked
    group by scorm_attempt_key

),

final as (

    select
        ---------- ids
        touched.scorm_attempt_key,
        attempts.track_ids,
        attempts.scorm_id,
        attempts.sco_id,
        attempts.activity_id,
        coalesce(activities.activity_key, {{ version_key('attempts.activity_id') }})
            as activity_key,
        attempts.course_id,
        coalesce(courses.course_key, {{ version_key('attempts.course_id') }}) as course_key,
        attempts.student_hash,
        coalesce(learners.learner_key, {{ version_key('attempts.student_hash') }}) as learner_key,
        coalesce({{ date_key(local_date('attempts.started_at')) }}, 0) as date_key,

        ---------- what and how well
        attempts.attempt_no::integer as attempt_no,
        coalesce(attempts.success, attempts.progress) as lesson_status,
        attempts.started_at,
        attempts.last_track_at,
        attempts.score_raw::numeric(18, 5) as score_raw,
        attempts.score_min::numeric(18, 5) as score_min,
        attempts.score_max::numeric(18, 5) as score_max,
        {{ scorm_score_pct(
            'attempts.score_raw', 'attempts.score_min',
            'coalesce(attempts.score_max, attempts.default_max)', 'attempts.score_scaled'
        ) }}::numeric(10, 4) as score_pct,
        attempts.total_time_seconds::integer as total_time_seconds,

        ---------- bookkeeping
        attempts.is_deleted,
        attempts._load_id,
        attempts._loaded_at
    from touched
    {{ 'left' if is_incremental() else 'inner' }} join attempts
        on touched.scorm_attempt_key = attempts.scorm_attempt_key
    left join learners
        on
            attempts.student_hash = learners.student_hash
            and {{ valid_at('learners', 'attempts.started_at', 'attempts._loaded_at') }}
    left join courses
        on
            attempts.course_id = courses.course_id
            and {{ valid_at('courses', 'attempts.started_at', 'attempts._loaded_at') }}
    left join activities
        on
            attempts.activity_id = activities.activity_id
            and {{ valid_at('activities', 'attempts.started_at', 'attempts._loaded_at') }}

)

select * from final
