-- One row per instance in a module's own table that stands in a course, with its activity.
with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

modules as (

    select * from {{ ref('stg_moodle__modules') }}

),

final as (

    -- Moodle gives an instance one activity; a damaged site may have a dead one besides
    select
        modules.module_name,
        course_modules.instance_id,
        (array_agg(
            course_modules.activity_id
            order by course_modules.is_deleted asc, course_modules.activity_id desc
        ))[1] as activity_id,
        (array_agg(
            course_modules.course_id
            order by course_modules.is_deleted asc, course_modules.activity_id desc
        ))[1] as course_id,
        max(greatest(course_modules._load_id, modules._load_id)) as _load_id,
        max(greatest(course_modules._loaded_at, modules._loaded_at)) as _loaded_at
    from course_modules
    inner join modules on course_modules.module_id = modules.module_id
    group by modules.module_name, course_modules.instance_id

)

select * from final
