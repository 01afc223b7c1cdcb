-- One row per chapter and day on which a learner began a visit to it, with its name and place.
{{
    config(
        materialized='view',
        meta={'grain': ['date', 'course_id', 'chapter_id'], 'owner': 'data-team'},
    )
}}

with engagement as (

    select * from {{ ref('chapter_engagement') }}

),

chapters as (

    select
        *,
        row_number() over (
            partition by course_id order by sequence_no, chapter_id
        )::integer as place
    from {{ ref('dim_chapter') }}
    where is_current and chapter_id is not null

),

course_names as (

    select * from {{ ref('int_learning__course_names') }}

),

final as (

    select
        engagement.date,
        engagement.course_id,
        engagement.chapter_id,
        course_names.course_name,
        course_names.course_code,
        course_names.category_name,
        course_names.top_category_name,
        chapters.place as chapter_place,
        course_names.course_code || ' ' || lpad(chapters.place::text, 2, '0') || ' '
        || coalesce(chapters.name, engagement.chapter_id) as chapter_name,
        chapters.chapter_type,
        engagement.total_time_spent,
        engagement.visits_count,
        engagement.unique_students,
        -- of nobody where there is no drop-off: after the last chapter nobody can go on
        case when engagement.dropoff_rate is not null then engagement.eligible_students end
            as eligible_students,
        case when engagement.dropoff_rate is not null then engagement.retained_students end
            as retained_students,
        engagement.avg_scroll_depth,
        engagement.is_small
    from engagement
    inner join course_names on engagement.course_id = course_names.course_id
    left join chapters on engagement.chapter_id = chapters.chapter_id

)

select * from final
