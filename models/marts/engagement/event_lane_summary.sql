-- One row: the event lane in the few figures people ask for first.
{{
    config(
        materialized='view',
        meta={'grain': ['events_count'], 'owner': 'data-team', 'kind': 'aggregate'},
    )
}}

with arrivals as (

    select
        sum(records_count) as records_count,
        count(distinct topic) as topics_count
    from {{ ref('fact_late_arrivals') }}

),

rejected as (

    select coalesce(sum(rejected_count), 0)::bigint as rejected_count
    from {{ ref('int_events__rejections') }}

),

events as (

    select
        count(*) as events_count,
        count(distinct student_hash) as people_count
    from {{ ref('events_cleaned') }}

),

sessions as (

    select
        count(*) filter (where session_kind = 'learning') as learning_sessions_count,
        count(*) filter (where session_kind = 'shopping') as shopping_sessions_count
    from {{ ref('sessions') }}

),

engagement as (

    select
        count(*) as engaged_days_count,
        percentile_cont(0.5) within group (order by engagement_score) as median_score
    from {{ ref('user_engagement') }}

),

final as (

    select
        coalesce(arrivals.records_count, 0)::bigint as records_count,
        arrivals.topics_count,
        rejected.rejected_count,
        events.events_count,
        events.people_count,
        sessions.learning_sessions_count,
        sessions.shopping_sessions_count,
        engagement.engaged_days_count,
        engagement.median_score::numeric(12, 1) as median_engagement_score
    from arrivals
    cross join rejected
    cross join events
    cross join sessions
    cross join engagement

)

select * from final
