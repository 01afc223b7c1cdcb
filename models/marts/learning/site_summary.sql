-- One row: the site in the few figures people ask for first.
{{ config(materialized='view', meta={'grain': ['as_of'], 'owner': 'data-team'}) }}

with learners as (

    select count(*) as learners_count
    from {{ ref('dim_learner') }}
    where is_current and is_student and not is_deleted and not is_suspended

),

courses as (

    select count(*) as courses_count
    from {{ ref('dim_course') }}
    where is_current and not is_deleted and not is_site_page

),

enrollments as (

    select
        count(*) as enrollments_count,
        count(*) filter (where status = 'active') as active_enrollments_count
    from {{ ref('fact_enrollment') }}

),

events as (

    select count(*) as events_count
    from {{ ref('fact_learning_event') }}

),

sessions as (

    select
        count(*) as sessions_count,
        percentile_cont(0.5) within group (order by session_duration_seconds)
            as median_session_seconds
    from {{ ref('fact_session') }}

),

site as (

    select
        first_seen_at,
        last_seen_at as as_of
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'site'

),

final as (

    select
        site.as_of,
        site.first_seen_at,
        learners.learners_count,
        courses.courses_count,
        enrollments.enrollments_count,
        enrollments.active_enrollments_count,
        events.events_count,
        sessions.sessions_count,
        sessions.median_session_seconds::integer as median_session_seconds
    from learners
    cross join courses
    cross join enrollments
    cross join events
    cross join sessions
    cross join site

)

select * from final
