-- One row per course that exists now, the front page included: what a snapshot watches.
with courses as (

    select * from {{ ref('stg_moodle__course') }}
    where not is_deleted

),

prices as (

    select * from {{ ref('int_moodle__course_prices') }}

),

final as (

    select
        courses.course_id,
        courses.course_short_name as shortname,
        courses.course_name as fullname,
        nullif(courses.external_code, '') as idnumber,
        -- the front page lies outside the category tree
        nullif(courses.category_id, 0) as category_id,
        courses.course_format as format,
        nullif(courses.lang, '') as language,
        courses.starts_at as start_at,
        courses.ends_at as end_at,
        courses.is_visible,
        courses.has_completion_tracking as is_completion_enabled,
        courses.course_id = 1 as is_site_page,
        prices.course_id is not null as is_paid,
        prices.list_price,
        prices.list_currency
    from courses
    left join prices on courses.course_id = prices.course_id

)

select * from final
