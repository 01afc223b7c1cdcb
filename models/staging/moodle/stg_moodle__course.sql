-- One row per course, the site front page (id 1) included.
with source as (

    select * from {{ source('moodle', 'mdl_course') }}

),

final as (

    select
        ---------- ids
        id as course_id,
        category as category_id,
        originalcourseid as original_course_id,
        defaultgroupingid as default_grouping_id,
        ---------- properties
        fullname as course_name,
        shortname as course_short_name,
        idnumber as external_code,
        format as course_format,
        lang,
        groupmode as group_mode_code,
        (groupmodeforce = 1) as is_group_mode_forced,
        (visible = 1) as is_visible,
        (enablecompletion = 1) as has_completion_tracking,
        (relativedatesmode = 1) as has_relative_dates,
        (showgrades = 1) as has_visible_gradebook,
        (showreports = 1) as has_activity_reports,
        sortorder as sort_order,
        ---------- timestamps
        {{ epoch_to_timestamp('startdate') }} as starts_at,
        {{ epoch_to_timestamp('enddate') }} as ends_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
