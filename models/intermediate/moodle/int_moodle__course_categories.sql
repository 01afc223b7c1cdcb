-- One row per course category that exists now: what a snapshot watches.
with categories as (

    select * from {{ ref('stg_moodle__course_categories') }}
    where not is_deleted

),

final as (

    select
        category_id,
        nullif(parent_category_id, 0) as parent_category_id,
        category_name as name,
        nullif(external_code, '') as idnumber,
        category_path as path,
        depth::integer as depth,
        is_visible
    from categories

)

select * from final
