-- One row per activity or resource placed in a course.
with source as (

    select * from {{ source('moodle', 'mdl_course_modules') }}

),

final as (

    select
        ---------- ids
        id as activity_id,
        course as course_id,
        module as module_id,
        instance as instance_id,
        section as section_id,
        groupingid as grouping_id,
        ---------- properties
        idnumber as external_code,
        lang,
        groupmode as group_mode_code,
        indent,
        (visible = 1) as is_visible,
        (visibleoncoursepage = 1) as is_visible_on_course_page,
        (deletioninprogress = 1) as is_being_deleted,
        availability is not null as has_availability_rules,
        ---------- completion
        completion as completion_tracking_code,
        (completionview = 1) as is_view_required,
        (completionpassgrade = 1) as is_passing_grade_required,
        completiongradeitemnumber as completion_grade_item_number,
        ---------- timestamps
        {{ epoch_to_timestamp('completionexpected') }} as completion_expected_at,
        {{ epoch_to_timestamp('added') }} as created_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
