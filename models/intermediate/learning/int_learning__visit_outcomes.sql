-- One row per visit of a learner to a chapter, with what became of the learner afterwards.
{#- in hours: a day is not always 24 of them where the database's time zone changes its clocks #}
{%- set horizon = "interval '" ~ var('dropoff_days') * 24 ~ " hours'" %}

with visits as (

    select * from {{ ref('int_learning__chapter_visits') }}
    where has_engagement

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current and not is_staff and not is_test_user

),

chapters as (

    select * from {{ ref('int_learning__chapter_versions') }}
    where is_current

),

completions as (

    select * from {{ ref('int_learning__chapter_completions') }}

),

site as (

    select last_seen_at as as_of from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

final as (

    select
        visits.visit_id,
        visits.student_hash,
        visits.course_id,
        visits.chapter_id,
        visits.date,
        visits.visit_started_at,
        visits.seconds,
        visits.max_scroll_depth,
        -- of two that begin at once either will do: their outcome is the same
        row_number() over (
            partition by visits.student_hash, visits.course_id, visits.date, visits.chapter_id
            order by visits.visit_started_at
        ) = 1 as is_first_of_day,
        visits.visit_started_at <= site.as_of - {{ horizon }} as is_observed,
        coalesce(
            max(chapters.sequence_no) over (
                partition by visits.student_hash, visits.course_id
                order by visits.visit_started_at
                range between current row and {{ horizon }} following
            ) > chapters.sequence_no,
            false
        ) as has_moved_on,
        coalesce(
            completions.completed_at <= visits.visit_started_at + {{ horizon }}, false
        ) as has_completed
    from visits
    inner join learners on visits.student_hash = learners.student_hash
    cross join site
    left join chapters on visits.chapter_id = chapters.chapter_id
    left join completions
        on
            visits.student_hash = completions.student_hash
            and visits.chapter_id = completions.chapter_id

)

select * from final
