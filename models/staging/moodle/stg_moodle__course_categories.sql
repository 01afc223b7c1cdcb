-- One row per course category.
with source as (

    select * from {{ source('moodle', 'mdl_course_categories') }}

),

final as (

    select
        ---------- ids
        id as category_id,
        parent as parent_category_id,
        ---------- properties
        name as category_name,
        idnumber as external_code,
        path as category_path,
        depth,
        coursecount as course_count,
        (visible = 1) as is_visible,
        sortorder as sort_order,
        ---------- timestamps
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
