-- One row per quiz that has stood in a course, with its activity (course module).
with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

modules as (

    select * from {{ ref('stg_moodle__modules') }}
    where module_name = 'quiz'

),

final as (

    select
        course_modules.instance_id as quiz_id,
        -- one that exists goes before one that is gone
        (array_agg(
            course_modules.activity_id
            order by course_modules.is_deleted asc, course_modules.activity_id desc
        ))[1] as activity_id,
        max(greatest(course_modules._load_id, modules._load_id)) as _load_id
    from course_modules
    inner join modules on course_modules.module_id = modules.module_id
    group by course_modules.instance_id

)

select * from final
