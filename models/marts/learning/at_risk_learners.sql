-- One row per learner and course somebody should look at this week, the most urgent first.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with snapshots as (

    select * from {{ ref('learner_course_snapshot_weekly') }}
    where is_current_week

),

listed as (

    select
        *,
        case
            when is_never_started then 'never started'
            when is_gone_quiet then 'gone quiet'
            when is_at_risk then 'other'
        end as list
    from snapshots

),

final as (

    select
        learner_course_week_key,
        row_number() over (
            order by
                risk_score desc,
                missed_deadlines desc,
                coalesce(days_since_last_access, days_since_open) desc,
                student_hash asc,
                course_id asc
        )::integer as urgency_rank,
        list,
        student_hash,
        learner_key,
        course_id,
        course_key,
        risk_reasons,
        risk_flags,
        risk_score,
        is_at_risk,
        days_since_last_access,
        days_since_open,
        missed_deadlines,
        progress_pct,
        grade_to_date_pct,
        last_access_at,
        as_of
    from listed
    where list is not null

)

select * from final
