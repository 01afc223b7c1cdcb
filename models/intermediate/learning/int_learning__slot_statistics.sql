-- One row per quiz, attempt scope and slot: how its marks vary, alone and with the others.
{{
    config(
        materialized='incremental',
        unique_key='quiz_id',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['quiz_id', 'attempt_scope', 'slot'], 'unique': true},
            {'columns': ['_load_id']},
        ],
        meta={
            'grain': ['quiz_id', 'attempt_scope', 'slot'], 'owner': 'data-team',
            'exists_column': 'n',
        },
    )
}}

with touched as (

    select
        quiz_id,
        max(_load_id) as _load_id
    from {{ ref('fact_question_attempt') }}
    where quiz_id is not null and {{ arrived_since_last_build() }}
    group by quiz_id

),

scored_slots as (

    select * from {{ ref('int_learning__scored_slots') }}
    {% if is_incremental() %}
        where quiz_id = any(array(select touched.quiz_id from touched))
    {% endif %}

),

slots as (

    select
        quiz_id,
        attempt_scope,
        slot,
        max(course_id) as course_id,
        count(*)::integer as n,
        array_agg(distinct question_id) as question_ids,
        -- Moodle changes it in all attempts at once
        (array_agg(max_mark order by attempt_id desc))[1] as max_mark,
        avg(mark) as average_mark,
        var_samp(mark) as mark_variance,
        var_samp(rest_marks) as rest_variance,
        {{ sample_covariance('mark', 'rest_marks') }} as covariance,
        {{ sample_covariance('mark', 'total_marks') }} as covariance_with_total,
        array_agg(mark order by mark) as sorted_marks,
        array_agg(rest_marks order by rest_marks) as sorted_rests
    from scored_slots
    group by quiz_id, attempt_scope, slot

),

-- the most the same marks could go together: the best with the best, the worst with the worst
best_matches as (

    select
        slots.quiz_id,
        slots.attempt_scope,
        slots.slot,
        {{ sample_covariance('pairs.mark', 'pairs.rest_marks') }} as covariance_max
    from slots
    cross join unnest(slots.sorted_marks, slots.sorted_rests) as pairs (mark, rest_marks)
    group by slots.quiz_id, slots.attempt_scope, slots.slot

),

final as (

    select
        ---------- ids
        touched.quiz_id,
        slots.course_id,
        slots.attempt_scope,
        slots.slot,
        slots.question_ids,

        ---------- measures
        slots.n,
        slots.max_mark::numeric(12, 7) as max_mark,
        slots.average_mark::numeric(38, 18) as average_mark,
        slots.mark_variance::numeric(38, 18) as mark_variance,
        slots.rest_variance::numeric(38, 18) as rest_variance,
        slots.covariance::numeric(38, 18) as covariance,
        best_matches.covariance_max::numeric(38, 18) as covariance_max,
        slots.covariance_with_total::numeric(38, 18) as covariance_with_total,

        ---------- bookkeeping
        touched._load_id
    from touched
    {{ 'left' if is_incremental() else 'inner' }} join slots on touched.quiz_id = slots.quiz_id
    left join best_matches
        on
            slots.quiz_id = best_matches.quiz_id
            and slots.attempt_scope = best_matches.attempt_scope
            and slots.slot = best_matches.slot

)

select * from final
