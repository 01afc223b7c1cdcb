-- One row per learner and topic of the questions the learner answered.
{{
    config(
        indexes=[{'columns': ['student_hash']}],
        meta={'grain': ['student_hash', 'topic_type', 'topic_id'], 'owner': 'data-team'},
    )
}}

with attempts as (

    select * from {{ ref('fact_question_attempt') }}
    -- a question given up has no grade, but it is not right
    where is_counted and is_correct is not null

),

topics as (

    select * from {{ ref('int_moodle__question_topics') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}
    where is_current

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

weighted as (

    select
        attempts.student_hash,
        topics.topic_type,
        topics.topic_id,
        topics.topic_name,
        attempts.is_correct,
        attempts.finished_at,
        site.as_of,
        -- what was answered long ago says less about today
        0.5 ^ (
            greatest(0, extract(epoch from site.as_of - attempts.finished_at)::double precision)
            / (86400 * {{ var('mastery_half_life_days') }})
        ) as weight
    from attempts
    inner join topics on attempts.question_id = topics.question_id
    cross join site

),

scored as (

    select
        student_hash,
        topic_type,
        topic_id,
        topic_name,
        as_of,
        count(*) as attempts_count,
        count(*) filter (where is_correct) as correct_count,
        -- one right and one wrong answer in advance: little evidence stays in the middle
        (coalesce(sum(weight) filter (where is_correct), 0) + 1) / (sum(weight) + 2) as mastery,
        max(finished_at) as last_attempt_at
    from weighted
    group by student_hash, topic_type, topic_id, topic_name, as_of

),

final as (

    select
        {{ surrogate_key(['scored.student_hash', 'scored.topic_type', 'scored.topic_id']) }}
            as learner_mastery_key,
        scored.student_hash,
        coalesce(learners.learner_key, {{ version_key('scored.student_hash') }}) as learner_key,
        scored.topic_type,
        scored.topic_id,
        scored.topic_name,
        scored.attempts_count::integer as attempts_count,
        scored.correct_count::integer as correct_count,
        round(scored.mastery::numeric, 4)::numeric(5, 4) as mastery_score,
        case
            when round(scored.mastery::numeric, 4) < 0.4 then 'novice'
            when round(scored.mastery::numeric, 4) < 0.7 then 'developing'
            when round(scored.mastery::numeric, 4) < 0.85 then 'proficient'
            else 'mastered'
        end as level,
        scored.last_attempt_at,
        scored.as_of
    from scored
    left join learners on scored.student_hash = learners.student_hash

)

select * from final
