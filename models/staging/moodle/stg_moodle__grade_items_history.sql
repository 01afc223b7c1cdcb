-- One row per change of a grade item.
with source as (

    select * from {{ source('moodle', 'mdl_grade_items_history') }}

),

final as (

    select
        ---------- ids
        id as grade_item_history_id,
        oldid as grade_item_id,
        courseid as course_id,
        categoryid as grade_category_id,
        iteminstance as item_instance_id,
        itemnumber as item_number,
        scaleid as scale_id,
        loggeduser as changed_by_user_id,
        ---------- states
        action as action_code,
        source as change_source,
        itemname as grade_item_name,
        itemtype as item_type,
        itemmodule as module_name,
        gradetype as grade_type_code,
        hidden as hidden_code,
        locked as locked_code,
        ---------- amounts
        grademax as max_grade,
        grademin as min_grade,
        gradepass as pass_grade,
        multfactor as multiply_factor,
        plusfactor as plus_factor,
        aggregationcoef as weight,
        aggregationcoef2 as natural_weight,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as changed_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
