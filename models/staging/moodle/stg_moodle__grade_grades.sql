-- One row per grade item and person.
with source as (

    select * from {{ source('moodle', 'mdl_grade_grades') }}

),

final as (

    select
        ---------- ids
        id as grade_id,
        itemid as grade_item_id,
        userid as user_id,
        usermodified as modified_by_user_id,
        rawscaleid as raw_scale_id,
        ---------- states
        hidden as hidden_code,
        locked as locked_code,
        aggregationstatus as aggregation_status,
        ---------- amounts
        rawgrade as raw_grade,
        rawgrademax as raw_max_grade,
        rawgrademin as raw_min_grade,
        finalgrade as final_grade,
        aggregationweight as aggregation_weight,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as submitted_at,
        {{ epoch_to_timestamp('timemodified') }} as graded_at,
        {{ epoch_to_timestamp('overridden') }} as overridden_at,
        {{ epoch_to_timestamp('excluded') }} as excluded_at,
        {{ epoch_to_timestamp('exported') }} as exported_at,
        {{ epoch_to_timestamp('locktime') }} as locks_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
