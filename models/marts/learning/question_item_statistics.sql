-- One row per quiz, slot and attempt scope: how hard its question is and how well it sorts people.
{{
    config(
        indexes=[
            {'columns': ['item_statistics_key'], 'unique': true},
            {'columns': ['course_id']},
        ],
        meta={'grain': ['quiz_id', 'slot', 'attempt_scope'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with slots as (

    select * from {{ ref('int_learning__slot_statistics') }}

),

questions as (

    select * from {{ ref('dim_question') }}

),

asked as (

    select
        slots.quiz_id,
        slots.attempt_scope,
        slots.slot,
        count(distinct coalesce(questions.question_bank_entry_id, -asked.question_id)) > 1
            as is_random,
        -- of an edited question, the version that is valid today
        (array_agg(
            asked.question_id
            order by questions.version desc nulls last, asked.question_id desc
        ))[1] as question_id,
        bool_and(coalesce(questions.qtype = 'description', false)) as is_description
    from slots
    cross join unnest(slots.question_ids) as asked (question_id)
    left join questions on asked.question_id = questions.question_id
    group by slots.quiz_id, slots.attempt_scope, slots.slot

),

items as (

    select
        slots.*,
        asked.is_random,
        case when not asked.is_random then asked.question_id end as question_id,
        case when slots.covariance_with_total >= 0 then sqrt(slots.covariance_with_total) end
            as weight
    from slots
    inner join asked
        on
            slots.quiz_id = asked.quiz_id
            and slots.attempt_scope = asked.attempt_scope
            and slots.slot = asked.slot
    where not asked.is_description

),

measured as (

    select
        items.*,
        questions.question_key,
        questions.random_guess_score,
        items.average_mark / nullif(items.max_mark, 0) as facility_index,
        sqrt(items.mark_variance) / nullif(items.max_mark, 0) as sd,
        100 * items.max_mark / nullif(sum(items.max_mark) over quizzes, 0) as intended_weight,
        100 * items.weight / nullif(sum(items.weight) over quizzes, 0) as effective_weight,
        100 * items.covariance / nullif(sqrt(items.mark_variance * items.rest_variance), 0)
            as discrimination_index,
        100 * items.covariance / nullif(items.covariance_max, 0) as discriminative_efficiency
    from items
    left join questions on items.question_id = questions.question_id
    window quizzes as (partition by items.quiz_id, items.attempt_scope)

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['quiz_id', 'slot', 'attempt_scope']) }} as item_statistics_key,
        quiz_id,
        course_id,
        attempt_scope,
        slot,
        question_id,
        coalesce(question_key, {{ version_key('question_id') }}) as question_key,

        ---------- measures
        n,
        max_mark::numeric(12, 7) as max_mark,
        facility_index::numeric(18, 8) as facility_index,
        sd::numeric(18, 8) as sd,
        random_guess_score::numeric(12, 7) as random_guess_score,
        intended_weight::numeric(18, 8) as intended_weight,
        effective_weight::numeric(18, 8) as effective_weight,
        discrimination_index::numeric(18, 8) as discrimination_index,
        discriminative_efficiency::numeric(18, 8) as discriminative_efficiency,

        ---------- flags
        is_random,
        coalesce(
            discriminative_efficiency < {{ var('dubious_efficiency_below') }}, false
        ) or coalesce(facility_index < random_guess_score, false) as is_dubious,
        n >= {{ var('item_statistics_min_attempts') }} as is_publishable,
        n >= {{ var('facility_min_attempts') }} as is_facility_publishable
    from measured

)

select * from final
