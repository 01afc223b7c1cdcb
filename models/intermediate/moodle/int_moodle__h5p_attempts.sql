-- One row per attempt of a person at an H5P activity, with its interactions counted.
with attempts as (

    select * from {{ ref('stg_moodle__h5pactivity_attempts') }}

),

results as (

    select * from {{ ref('stg_moodle__h5pactivity_attempts_results') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'h5pactivity'

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

-- deleting an attempt deletes its results, which then still say what it was
parts as (

    select
        results.*,
        not results.is_deleted or attempts.is_deleted as is_counted,
        -- compound rows hold the others together
        coalesce(results.interaction_type, '') not in ('', 'compound') as is_interaction
    from results
    inner join attempts on results.h5p_attempt_id = attempts.h5p_attempt_id

),

counts as (

    select
        h5p_attempt_id,
        count(*) filter (where is_counted) as results_count,
        count(*) filter (where is_counted and is_interaction) as interactions_count,
        count(*) filter (where is_counted and is_interaction and is_completed)
            as completed_interactions_count,
        count(*) filter (where is_counted and is_interaction and is_success)
            as correct_interactions_count,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from parts
    group by h5p_attempt_id

),

final as (

    select
        ---------- ids
        attempts.h5p_attempt_id,
        attempts.h5pactivity_id,
        activities.activity_id,
        activities.course_id,
        {{ student_hash('pseudonyms', 'moodle', 'attempts.user_id') }} as student_hash,

        ---------- states
        attempts.attempt_number as attempt_no,
        attempts.is_completed,
        attempts.is_success,

        ---------- amounts
        attempts.raw_score,
        attempts.max_score,
        attempts.score_rate as scaled,
        attempts.duration_seconds,
        coalesce(counts.results_count, 0) as results_count,
        coalesce(counts.interactions_count, 0) as interactions_count,
        coalesce(counts.completed_interactions_count, 0) as completed_interactions_count,
        coalesce(counts.correct_interactions_count, 0) as correct_interactions_count,

        ---------- timestamps
        attempts.created_at as attempted_at,

        ---------- bookkeeping
        attempts.is_deleted,
        greatest(attempts._load_id, activities._load_id, counts._load_id) as _load_id,
        greatest(attempts._loaded_at, activities._loaded_at, counts._loaded_at) as _loaded_at
    from attempts
    cross join site
    left join activities on attempts.h5pactivity_id = activities.instance_id
    left join counts on attempts.h5p_attempt_id = counts.h5p_attempt_id
    left join pseudonyms on pseudonyms.source_user_id = attempts.user_id::text
    where attempts.user_id > 0 and attempts.user_id <> site.guest_user_id

)

select * from final
