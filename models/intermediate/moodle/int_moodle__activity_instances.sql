-- One row per activity ever loaded: what facts look up to know course and module of a record.
with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

modules as (

    select * from {{ ref('stg_moodle__modules') }}

),

final as (

    select
        course_modules.activity_id,
        course_modules.course_id,
        modules.module_name,
        course_modules.instance_id,
        greatest(course_modules._load_id, modules._load_id) as _load_id,
        greatest(course_modules._loaded_at, modules._loaded_at) as _loaded_at
    from course_modules
    left join modules on course_modules.module_id = modules.module_id

)

select * from final
