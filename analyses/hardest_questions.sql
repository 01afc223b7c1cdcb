-- Which questions of a course are the hardest, and which tell good learners from weak ones worst?
{%- set places = 5 %}

with items as (

    select * from {{ ref('question_item_statistics') }}
    where attempt_scope = 'first'

),

questions as (

    select * from {{ ref('dim_question') }}

),

quizzes as (

    select * from {{ ref('dim_activity') }}
    where is_current and module_name = 'quiz'

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

-- without variance a question separates nobody, but that is no bad question yet: it comes last
ranked as (

    select
        *,
        rank() over (partition by course_id order by facility_index nulls last) as hardest_rank,
        rank() over (
            partition by course_id
            order by discriminative_efficiency nulls last
        ) as worst_discrimination_rank
    from items

),

final as (

    select
        ranked.course_id,
        courses.shortname,
        quizzes.name as quiz,
        ranked.slot,
        case when ranked.is_random then 'drawn at random' else questions.question_name end
            as question,
        questions.qtype,
        ranked.n as attempts_count,
        round(ranked.facility_index, 4) as facility_index,
        round(ranked.random_guess_score, 4) as random_guess_score,
        round(ranked.facility_index - ranked.random_guess_score, 4) as facility_above_guess,
        round(ranked.discrimination_index, 1) as discrimination_index,
        round(ranked.discriminative_efficiency, 1) as discriminative_efficiency,
        ranked.hardest_rank,
        ranked.worst_discrimination_rank,
        case
            when not ranked.is_facility_publishable then 'too few attempts'
            when ranked.facility_index < ranked.random_guess_score then 'worse than guessing'
            when not ranked.is_publishable then 'too few attempts for discrimination'
            when ranked.discriminative_efficiency < 0 then 'weak learners do better'
            when ranked.is_dubious then 'hardly discriminates'
            else 'sound'
        end as verdict
    from ranked
    left join questions on ranked.question_key = questions.question_key
    left join quizzes on ranked.quiz_id = quizzes.instance_id
    left join courses on ranked.course_id = courses.course_id
    where ranked.hardest_rank <= {{ places }} or ranked.worst_discrimination_rank <= {{ places }}
    order by ranked.course_id, ranked.hardest_rank, ranked.worst_discrimination_rank, ranked.slot

)

select * from final
