-- One row per violation a proctoring tool noticed, with what people decided on it last.
with records as (

    select * from {{ ref('stg_events__proctoring_violations') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}

),

-- of an event that arrived more than once the first arrival counts
first_copies as (

    select distinct on (event_id) *
    from records
    order by event_id, _load_id, lane, source_partition, source_offset

),

-- a review names the violation it decides; the later one stands
last_reviews as (

    select distinct on (violation_event_id)
        violation_event_id,
        reviewed_outcome,
        occurred_at as reviewed_at,
        _load_id,
        _loaded_at
    from first_copies
    where event_type = 'violation_reviewed' and violation_event_id is not null
    order by violation_event_id asc, occurred_at desc, event_id desc

),

final as (

    select
        ---------- ids
        violations.event_id as violation_id,
        violations.assessment_id,
        violations.attempt_id,
        {{ event_student_hash('pseudonyms', 'violations') }} as student_hash,

        ---------- what was noticed
        coalesce(violations.violation_type, violations.event_type) as violation_type,
        violations.severity,
        violations.confidence,

        ---------- what people say
        coalesce(last_reviews.reviewed_outcome, violations.reviewed_outcome, 'pending')
            as reviewed_outcome,
        last_reviews.reviewed_at,

        ---------- classification
        {{ is_misdated('violations.occurred_at', 'violations._loaded_at') }} as is_misdated,

        ---------- timestamps
        violations.occurred_at as ts,

        ---------- bookkeeping
        greatest(violations._load_id, last_reviews._load_id) as _load_id,
        violations._loaded_at
    from first_copies as violations
    left join last_reviews on violations.event_id = last_reviews.violation_event_id
    left join pseudonyms
        on
            violations.person_system = pseudonyms.source_system
            and violations.person_id = pseudonyms.source_user_id
    where violations.event_type <> 'violation_reviewed'

)

select * from final
