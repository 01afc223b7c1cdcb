-- One row per grade item ever loaded, with the activity it belongs to.
with grade_items as (

    select * from {{ ref('stg_moodle__grade_items') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}

),

final as (

    select
        grade_items.grade_item_id,
        grade_items.course_id,
        activities.activity_id,
        grade_items.item_type,
        grade_items.module_name as item_module,
        -- none and text carry no numbers
        grade_items.grade_type_code in (1, 2) as is_numeric,
        nullif(grade_items.pass_grade, 0) as pass_grade,
        grade_items.is_deleted,
        greatest(grade_items._load_id, activities._load_id) as _load_id
    from grade_items
    left join activities
        on
            grade_items.item_type = 'mod'
            and grade_items.module_name = activities.module_name
            and grade_items.item_instance_id = activities.instance_id

)

select * from final
