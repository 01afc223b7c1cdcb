-- One row per activity ever loaded, with the name, deadline and grade its own module gives it.
with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

modules as (

    select * from {{ ref('stg_moodle__modules') }}

),

settings as (

    select * from {{ ref('int_moodle__activity_settings') }}

),

-- an activity can have several grade items; the first one is its grade
grade_items as (

    select
        module_name,
        item_instance_id,
        max(max_grade) as max_grade
    from {{ ref('stg_moodle__grade_items') }}
    where not is_deleted and item_type = 'mod' and item_number = 0 and grade_type_code = 1
    group by module_name, item_instance_id

),

final as (

    select
        course_modules.activity_id,
        course_modules.course_id,
        course_modules.section_id,
        modules.module_name,
        course_modules.instance_id,
        -- modules of plugins keep their names in tables we do not know
        coalesce(
            settings.activity_name, modules.module_name || ' ' || course_modules.activity_id
        ) as name,
        case course_modules.completion_tracking_code
            when 0 then 'none'
            when 1 then 'manual'
            when 2 then 'automatic'
        end as completion_rule,
        grade_items.max_grade::numeric(10, 5) as max_grade,
        settings.due_at,
        course_modules.completion_expected_at,
        course_modules.is_visible,
        course_modules.has_availability_rules as is_restricted,
        course_modules.is_deleted or course_modules.is_being_deleted as is_deleted
    from course_modules
    left join modules on course_modules.module_id = modules.module_id
    left join settings
        on
            modules.module_name = settings.module_name
            and course_modules.instance_id = settings.instance_id
    left join grade_items
        on
            modules.module_name = grade_items.module_name
            and course_modules.instance_id = grade_items.item_instance_id

)

select * from final
