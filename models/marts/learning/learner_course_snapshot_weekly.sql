-- One row per learner, course and ISO week of enrolment, weeks without activity included.
{{
    config(
        indexes=[
            {'columns': ['student_hash', 'course_id', 'week_start_date'], 'unique': true},
            {'columns': ['course_id', 'week_start_date']},
        ],
        meta={'grain': ['student_hash', 'course_id', 'week_start_date'], 'owner': 'data-team'},
    )
}}

{#- each flag: the rule, and the reason people read -#}
{%- set flags = {
    'is_never_started': (
        'last_access_at is null and quiet_days >= ' ~ var('at_risk_quiet_days'),
        "format('never opened the course in %s days', floor(days_since_open))",
    ),
    'is_gone_quiet': (
        'last_access_at is not null and quiet_days >= ' ~ var('at_risk_quiet_days'),
        "format('no access for %s days', floor(days_since_access))",
    ),
    'is_missing_deadlines': (
        'missed_deadlines >= ' ~ var('at_risk_missed_deadlines'),
        "format('%s deadlines missed', missed_deadlines)",
    ),
    'is_failing': (
        'grade_to_date_pct < ' ~ var('at_risk_grade_pct'),
        "format('grade to date %s %%', grade_to_date_pct)",
    ),
    'is_behind_schedule': (
        'expected_progress_pct - progress_pct > ' ~ var('at_risk_behind_points'),
        "format('progress %s %% where %s %% are due', progress_pct, expected_progress_pct)",
    ),
    'is_declining': (
        'fortnight_trend < -' ~ var('at_risk_decline_rate'),
        "format('study time down %s %% on two weeks before', round(-100 * fortnight_trend))",
    ),
} %}

with measures as (

    select * from {{ ref('int_learning__learner_course_measures') }}

),

states as (

    select
        *,
        (100 * completed_count / nullif(tracked_count, 0))::numeric(5, 2) as progress_pct,
        (100 * elapsed_rate)::numeric(5, 2) as expected_progress_pct,
        (grade_points / nullif(graded_count, 0))::numeric(7, 2) as grade_to_date_pct,
        seconds_to_date - lag(seconds_to_date, 1, 0::numeric) over weeks as time_spent_seconds,
        days_to_date - lag(days_to_date, 1, 0::bigint) over weeks as active_days,
        extract(epoch from as_of - last_access_at) / 86400 as days_since_access,
        extract(epoch from as_of - open_since) / 86400 as days_since_open,
        extract(epoch from as_of - greatest(open_since, last_access_at)) / 86400 as quiet_days,
        round((seconds_last_7 - seconds_previous_7) / nullif(seconds_previous_7, 0), 4)
            as engagement_trend,
        round(2 * seconds_last_7 / nullif(seconds_previous_14, 0) - 1, 4) as fortnight_trend
    from measures
    window weeks as (partition by student_hash, course_id order by week_start_date)

),

-- people left out by rule have no flags, rather than flags that say no
flagged as (

    select
        {% for flag, (rule, reason) in flags.items() -%}
            case when exclusion_reason is null then {{ rule }} end as {{ flag }},
        {% endfor -%}
        *
    from states

),

scored as (

    select
        *,
        case
            when exclusion_reason is null then num_nonnulls({% for flag in flags -%}
                nullif({{ flag }}, false){{ ', ' if not loop.last }}
            {%- endfor %})
        end as risk_score
    from flagged

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['student_hash', 'course_id', date_key('week_start_date')]) }}
            as learner_course_week_key,
        student_hash,
        learner_key,
        course_id,
        course_key,
        {{ date_key('as_of_date') }} as date_key,
        week_start_date,
        as_of,
        is_current_week,

        ---------- measures
        progress_pct,
        expected_progress_pct,
        grade_to_date_pct,
        time_spent_seconds::integer as time_spent_seconds,
        seconds_to_date::integer as total_time_spent_seconds,
        active_days::integer as active_days,
        last_access_at,
        floor(days_since_access)::integer as days_since_last_access,
        floor(days_since_open)::integer as days_since_open,
        missed_deadlines::integer as missed_deadlines,
        engagement_trend::numeric(12, 4) as engagement_trend,
        case
            when engagement_trend > {{ var('engagement_trend_rate') }} then 'rising'
            when engagement_trend < -{{ var('engagement_trend_rate') }} then 'falling'
            when engagement_trend is not null then 'flat'
            when days_last_7 = 0 then null
            when days_last_7 = days_to_date then 'new'
            else 'returning'
        end as engagement_trend_class,

        ---------- risk
        exclusion_reason,
        {% for flag in flags -%}
            {{ flag }},
        {% endfor -%}
        risk_score,
        risk_score >= {{ var('at_risk_flags') }} as is_at_risk,
        nullif(concat_ws(
            ',',
            {% for flag in flags -%}
                case when {{ flag }} then '{{ flag[3:] }}' end{{ ',' if not loop.last }}
            {% endfor %}
        ), '') as risk_flags,
        nullif(concat_ws(
            '; ',
            {% for flag, (rule, reason) in flags.items() -%}
                case when {{ flag }} then {{ reason }} end{{ ',' if not loop.last }}
            {% endfor %}
        ), '') as risk_reasons
    from scored

)

select * from final
