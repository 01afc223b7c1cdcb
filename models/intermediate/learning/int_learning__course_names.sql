-- One row per course: what people call it and where it hangs now.
{{ config(meta={'grain': ['course_id'], 'owner': 'data-team'}) }}

with courses as (

    select * from {{ ref('dim_course') }}
    where is_current and course_id is not null and not is_site_page

),

categories as (

    select * from {{ ref('dim_course_category') }}
    where is_current

),

final as (

    select
        courses.course_id,
        coalesce(courses.fullname, 'course ' || courses.course_id) as course_name,
        courses.shortname as course_code,
        coalesce(categories.name, 'no category') as category_name,
        coalesce(categories.level_1, 'no category') as top_category_name
    from courses
    left join categories on courses.category_key = categories.category_key

)

select * from final
