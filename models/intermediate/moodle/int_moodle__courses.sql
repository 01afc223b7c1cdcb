-- One row per course that exists now, the front page included: what a snapshot watches.
with courses as (

    select * from {{ ref('stg_moodle__course') }}
    where not is_deleted

),

final as (

    select
        course_id,
        course_short_name as shortname,
        course_name as fullname,
        nullif(external_code, '') as idnumber,
        -- the front page lies outside the category tree
        nullif(category_id, 0) as category_id,
        course_format as format,
        nullif(lang, '') as language,
        starts_at as start_at,
        ends_at as end_at,
        is_visible,
        has_completion_tracking as is_completion_enabled,
        course_id = 1 as is_site_page
    from courses

)

select * from final
