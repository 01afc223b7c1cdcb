-- Reconciliation: assessments of the application and quizzes of Moodle are different things. A
-- hand-in that coincides with the end of a quiz attempt of the same person in the same course is
-- one attempt that both lanes tell: the application passes quizzes on, and they count twice.
{{ config(severity='warn', store_failures=true) }}

with hand_ins as (

    select * from {{ ref('fact_assessment_event') }}
    where event_type = 'submitted' and not is_misdated

),

attempts as (

    select * from {{ ref('fact_quiz_attempt') }}

)

select
    hand_ins.event_key,
    attempts.attempt_key,
    hand_ins.assessment_id,
    attempts.quiz_id
from hand_ins
inner join attempts
    on
        hand_ins.student_hash = attempts.student_hash
        and hand_ins.course_id = attempts.course_id
        and abs(extract(epoch from hand_ins.ts - attempts.finished_at)) <= 5
