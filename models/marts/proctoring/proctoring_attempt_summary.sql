-- One row per attempt in which a violation was noticed, as teachers may see it: reviewed ones only.
{{
    config(
        indexes=[{'columns': ['attempt_key'], 'unique': true}],
        meta={'grain': ['student_hash', 'attempt_id'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with violations as (

    select * from {{ ref('fact_proctoring_violation') }}

),

attempts as (

    select
        attempt_key,
        student_hash,
        attempt_id,
        min(assessment_id) as assessment_id,
        (array_agg(learner_key order by ts, violation_id))[1] as learner_key,
        count(*) filter (where reviewed_outcome <> 'pending')::integer as violations_count,
        count(*) filter (where reviewed_outcome = 'upheld')::integer as upheld_count,
        count(*) filter (where reviewed_outcome = 'dismissed')::integer as dismissed_count,
        count(*) filter (where reviewed_outcome = 'pending')::integer as pending_count,
        max(severity) filter (where reviewed_outcome = 'upheld') as max_severity,
        coalesce(sum(severity) filter (where reviewed_outcome = 'upheld'), 0) as upheld_severity,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from violations
    group by attempt_key, student_hash, attempt_id

),

final as (

    select
        ---------- keys
        attempt_key,
        learner_key,

        ---------- ids
        student_hash,
        assessment_id,
        attempt_id,

        ---------- measures
        violations_count,
        upheld_count,
        dismissed_count,
        max_severity,
        case
            when pending_count = 0
                then greatest(
                    0, 100 - {{ var('proctoring_points_per_severity') }} * upheld_severity
                )
        end::integer as integrity_score,

        ---------- flags
        pending_count = 0 as is_reviewed,

        ---------- bookkeeping
        _load_id,
        _loaded_at
    from attempts

)

select * from final
