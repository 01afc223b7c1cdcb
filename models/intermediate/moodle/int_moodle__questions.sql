-- One row per version of a question, with its place in the question bank and its guess score.
with questions as (

    select * from {{ ref('stg_moodle__question') }}

),

versions as (

    select * from {{ ref('stg_moodle__question_versions') }}

),

answers as (

    select * from {{ ref('stg_moodle__question_answers') }}

),

-- answers go with their question: those of one that is gone are the last that is known of it
fractions as (

    select
        answers.question_id,
        avg(answers.fraction) as average_fraction,
        max(answers.fraction) as best_fraction
    from answers
    inner join questions on answers.question_id = questions.question_id
    where not answers.is_deleted or questions.is_deleted
    group by answers.question_id

),

final as (

    select
        questions.question_id,
        versions.question_bank_entry_id,
        versions.question_version as version,
        versions.question_status as status,
        questions.question_name,
        questions.question_type as qtype,
        questions.default_mark,
        -- what Moodle expects of somebody who answers at random
        case
            when questions.question_type = 'truefalse' then 0.5
            when questions.question_type = 'multichoice' and fractions.question_id is null then 0
            -- one answer is worth everything: one is to be chosen. Else several are, and Moodle
            -- does not try
            when questions.question_type = 'multichoice' and fractions.best_fraction >= 1
                then fractions.average_fraction
            when
                questions.question_type in (
                    'calculated', 'calculatedsimple', 'essay', 'numerical', 'shortanswer'
                )
                then 0
        end::numeric(12, 7) as random_guess_score,
        questions.created_at,
        questions.is_deleted
    from questions
    left join versions on questions.question_id = versions.question_id
    left join fractions on questions.question_id = fractions.question_id

)

select * from final
