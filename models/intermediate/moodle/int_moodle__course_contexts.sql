-- One row per course and context that roles hold in it from: its own, and each one above.
{{ config(meta={'grain': ['course_id', 'context_id'], 'owner': 'data-team'}) }}

-- the front page is no course
with course_contexts as (

    select * from {{ ref('stg_moodle__context') }}
    where context_level = 50 and context_instance_id > 1 and not is_deleted

),

-- a path is /1/11/79: roles given for the site or a category hold in the courses below
final as (

    select
        course_contexts.context_instance_id as course_id,
        place.context_id
    from course_contexts
    cross join
        lateral unnest(
            string_to_array(
                trim(coalesce(course_contexts.context_path, course_contexts.context_id::text), '/'),
                '/'
            )
        ) as place (context_id)

)

select * from final
