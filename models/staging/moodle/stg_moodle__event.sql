-- One row per calendar entry.
with source as (

    select * from {{ source('moodle', 'mdl_event') }}

),

final as (

    select
        ---------- ids
        id as event_id,
        courseid as course_id,
        categoryid as category_id,
        groupid as group_id,
        userid as user_id,
        instance as instance_id,
        repeatid as repeat_id,
        subscriptionid as subscription_id,
        ---------- properties
        modulename as module_name,
        component,
        eventtype as event_type,
        type as event_kind_code,
        (visible = 1) as is_visible,
        priority,
        ---------- timestamps
        {{ epoch_to_timestamp('timestart') }} as starts_at,
        timeduration as duration_seconds,
        {{ epoch_to_timestamp('timesort') }} as sorts_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
