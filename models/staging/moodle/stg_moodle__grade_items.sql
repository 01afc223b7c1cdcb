-- One row per grade item: an activity's grade, a category total, a course total or a manual item.
with source as (

    select * from {{ source('moodle', 'mdl_grade_items') }}

),

final as (

    select
        ---------- ids
        id as grade_item_id,
        courseid as course_id,
        categoryid as grade_category_id,
        iteminstance as item_instance_id,
        itemnumber as item_number,
        scaleid as scale_id,
        outcomeid as outcome_id,
        ---------- properties
        itemname as grade_item_name,
        itemtype as item_type,
        itemmodule as module_name,
        idnumber as external_code,
        gradetype as grade_type_code,
        calculation is not null as has_calculation,
        hidden as hidden_code,
        locked as locked_code,
        (needsupdate = 1) as is_update_pending,
        (weightoverride = 1) as is_weight_overridden,
        sortorder as sort_order,
        ---------- amounts
        grademax as max_grade,
        grademin as min_grade,
        gradepass as pass_grade,
        multfactor as multiply_factor,
        plusfactor as plus_factor,
        aggregationcoef as weight,
        aggregationcoef2 as natural_weight,
        ---------- timestamps
        {{ epoch_to_timestamp('locktime') }} as locks_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
