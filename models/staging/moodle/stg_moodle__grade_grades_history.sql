-- One row per change of a grade.
with source as (

    select * from {{ source('moodle', 'mdl_grade_grades_history') }}

),

final as (

    select
        ---------- ids
        id as grade_history_id,
        oldid as grade_id,
        itemid as grade_item_id,
        userid as user_id,
        usermodified as modified_by_user_id,
        loggeduser as changed_by_user_id,
        rawscaleid as raw_scale_id,
        ---------- states
        action as action_code,
        source as change_source,
        hidden as hidden_code,
        locked as locked_code,
        ---------- amounts
        rawgrade as raw_grade,
        rawgrademax as raw_max_grade,
        rawgrademin as raw_min_grade,
        finalgrade as final_grade,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as changed_at,
        {{ epoch_to_timestamp('overridden') }} as overridden_at,
        {{ epoch_to_timestamp('excluded') }} as excluded_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
