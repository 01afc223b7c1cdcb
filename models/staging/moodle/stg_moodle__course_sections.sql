-- One row per section of a course page.
with source as (

    select * from {{ source('moodle', 'mdl_course_sections') }}

),

final as (

    select
        ---------- ids
        id as section_id,
        course as course_id,
        ---------- properties
        section as section_number,
        name as section_name,
        sequence as activity_sequence,
        component as delegated_component,
        itemid as delegated_item_id,
        (visible = 1) as is_visible,
        availability is not null as has_availability_rules,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
