-- One row per gradebook category; each course has one at the top.
with source as (

    select * from {{ source('moodle', 'mdl_grade_categories') }}

),

final as (

    select
        ---------- ids
        id as grade_category_id,
        courseid as course_id,
        parent as parent_grade_category_id,
        ---------- properties
        fullname as grade_category_name,
        path as category_path,
        depth,
        aggregation as aggregation_code,
        (aggregateonlygraded = 1) as is_only_graded,
        (aggregateoutcomes = 1) as has_outcomes_included,
        hidden as hidden_code,
        ---------- amounts
        keephigh as keep_highest_count,
        droplow as drop_lowest_count,
        ---------- timestamps
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
