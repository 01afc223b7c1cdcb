-- One row per activity (course module), including those only the log remembers.
{{
    config(
        indexes=[{'columns': ['activity_id'], 'unique': true}],
        meta={'grain': ['activity_id'], 'owner': 'data-team'},
    )
}}

with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

modules as (

    select * from {{ ref('stg_moodle__modules') }}

),

settings as (

    select * from {{ ref('int_moodle__activity_settings') }}

),

seen as (

    select * from {{ ref('int_learning__objects_seen') }}
    where object_type = 'activity'

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
        {{ surrogate_key(['coalesce(course_modules.activity_id, seen.object_id)']) }}
            as activity_key,
        coalesce(course_modules.activity_id, seen.object_id) as activity_id,
        course_modules.course_id,
        course_modules.section_id,
        modules.module_name,
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
        grade_items.max_grade is not null as is_graded,
        settings.due_at,
        course_modules.completion_expected_at,
        coalesce(course_modules.is_visible, false) as is_visible,
        coalesce(
            course_modules.is_deleted or course_modules.is_being_deleted, true
        ) as is_deleted,
        course_modules.activity_id is not null as is_known
    from course_modules
    full outer join seen on course_modules.activity_id = seen.object_id
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
