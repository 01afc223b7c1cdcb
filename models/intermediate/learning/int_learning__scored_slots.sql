-- One row per attempt scope, marked quiz attempt and slot: its mark and that of the other slots.
{{
    config(
        meta={'grain': ['attempt_scope', 'attempt_id', 'slot'], 'owner': 'data-team'},
    )
}}

with attempts as (

    select * from {{ ref('fact_quiz_attempt') }}
    where
        is_counted
        -- without a sum some answer waits for its mark
        and sum_marks is not null

),

question_attempts as (

    select * from {{ ref('fact_question_attempt') }}
    where is_counted and quiz_id is not null

),

scoped_attempts as (

    select
        attempts.attempt_id,
        attempts.course_id,
        attempts.sum_marks,
        scopes.attempt_scope
    from attempts
    cross join
        unnest(
            array['all', 'first', 'last', 'best'],
            array[true, attempts.is_first_attempt, attempts.is_last, attempts.is_best]
        ) as scopes (attempt_scope, is_in_scope)
    where scopes.is_in_scope

),

marks as (

    select
        quiz_id,
        attempt_id,
        slot,
        question_id,
        max_mark,
        -- in an attempt that is marked, no mark means no answer
        coalesce(mark, 0) as mark,
        -- by quiz too, so that a reader's filter on quizzes reaches the table
        sum(coalesce(mark, 0)) over (partition by quiz_id, attempt_id) as total_marks
    from question_attempts

),

final as (

    select
        ---------- ids
        marks.quiz_id,
        scoped_attempts.course_id,
        scoped_attempts.attempt_scope,
        marks.attempt_id,
        marks.slot,
        marks.question_id,

        ---------- marks
        marks.max_mark,
        marks.mark::numeric(12, 7) as mark,
        (marks.total_marks - marks.mark)::numeric(18, 7) as rest_marks,
        marks.total_marks::numeric(18, 7) as total_marks,
        scoped_attempts.sum_marks
    from marks
    inner join scoped_attempts on marks.attempt_id = scoped_attempts.attempt_id

)

select * from final
