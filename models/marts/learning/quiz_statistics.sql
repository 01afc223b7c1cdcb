-- One row per quiz and attempt scope: how its marks are distributed and how far to trust them.
{{
    config(
        indexes=[
            {'columns': ['quiz_statistics_key'], 'unique': true},
            {'columns': ['course_id']},
        ],
        meta={'grain': ['quiz_id', 'attempt_scope'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with scores as (

    select * from {{ ref('int_learning__quiz_score_statistics') }}

),

slots as (

    select * from {{ ref('int_learning__slot_statistics') }}

),

items as (

    select * from {{ ref('question_item_statistics') }}

),

questions as (

    select
        items.quiz_id,
        items.attempt_scope,
        count(*)::integer as questions_count,
        sum(items.max_mark) as max_marks,
        sum(slots.mark_variance) as sum_of_variances
    from items
    inner join slots
        on
            items.quiz_id = slots.quiz_id
            and items.attempt_scope = slots.attempt_scope
            and items.slot = slots.slot
    group by items.quiz_id, items.attempt_scope

),

consistency as (

    select
        scores.*,
        coalesce(questions.questions_count, 0) as questions_count,
        questions.max_marks,
        sqrt(scores.marks_variance) as sd,
        -- Moodle wants three attempts for it
        case
            when scores.n > 2
                then (
                    100.0 * questions.questions_count / nullif(questions.questions_count - 1, 0)
                    * (1 - questions.sum_of_variances / nullif(scores.marks_variance, 0))
                )::numeric(38, 8)
        end as cic
    from scores
    left join questions
        on
            scores.quiz_id = questions.quiz_id
            and scores.attempt_scope = questions.attempt_scope

),

errors as (

    select
        *,
        -- above 100 only where Moodle's sum disagrees with the marks it sums
        case when cic <= 100 then 100 * sqrt(1 - cic / 100) end as error_ratio
    from consistency

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['quiz_id', 'attempt_scope']) }} as quiz_statistics_key,
        quiz_id,
        course_id,
        attempt_scope,

        ---------- measures
        n,
        questions_count,
        max_marks::numeric(18, 7) as max_marks,
        average_marks as avg,
        median_marks as median,
        sd::numeric(18, 8) as sd,
        skewness,
        kurtosis,
        cic::numeric(38, 8) as cic,
        error_ratio::numeric(28, 8) as error_ratio,
        (error_ratio * sd / 100)::numeric(28, 8) as standard_error,

        ---------- flags
        n >= {{ var('item_statistics_min_attempts') }} as is_publishable
    from errors

)

select * from final
