-- One row per violation a proctoring tool noticed in an attempt. Advisory: a person decides.
{{
    config(
        indexes=[{'columns': ['violation_key'], 'unique': true}, {'columns': ['attempt_key']}],
        meta={'grain': ['violation_id'], 'owner': 'data-team'},
    )
}}

with violations as (

    select * from {{ ref('int_proctoring__violations') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['violations.violation_id']) }} as violation_key,
        {{ surrogate_key(['violations.student_hash', 'violations.attempt_id']) }} as attempt_key,
        coalesce(learners.learner_key, {{ version_key('violations.student_hash') }})
            as learner_key,
        case
            when violations.is_misdated then 0
            else {{ date_key(local_date('violations.ts')) }}
        end as date_key,

        ---------- ids
        violations.violation_id,
        violations.assessment_id,
        violations.attempt_id,
        violations.student_hash,

        ---------- what was noticed
        violations.violation_type,
        violations.severity,
        violations.confidence::numeric(5, 4) as confidence,

        ---------- what people say
        violations.reviewed_outcome,
        violations.reviewed_at,

        ---------- classification
        violations.is_misdated,

        ---------- timestamps
        violations.ts,

        ---------- bookkeeping
        violations._load_id,
        violations._loaded_at
    from violations
    left join learners
        on
            violations.student_hash = learners.student_hash
            and {{ valid_at('learners', 'violations.ts', 'violations._loaded_at') }}

)

select * from final
