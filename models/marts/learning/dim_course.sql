-- One row per version of a course; courses only others remember have one unnamed version.
{{
    config(
        indexes=[{'columns': ['course_key'], 'unique': true}, {'columns': ['course_id']}],
        meta={'grain': ['course_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_learning__course_versions') }}

),

-- courses may be gone before the first snapshot
mentioned as (

    select object_id as course_id
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'course'

    union

    select object_id as course_id
    from {{ ref('int_moodle__objects_mentioned') }}
    where object_type = 'course'

),

categories as (

    select * from {{ ref('dim_course_category') }}
    where is_current

),

-- the catalogue of the shop has no history
products as (

    select
        course_id,
        min(product_id) as product_id
    from {{ ref('course_products') }}
    group by course_id

),

courses as (

    select
        versions.course_key,
        coalesce(versions.course_id, mentioned.course_id) as course_id,
        versions.shortname,
        versions.fullname,
        versions.idnumber,
        versions.category_id,
        versions.format,
        versions.language,
        versions.start_at,
        versions.end_at,
        coalesce(versions.is_visible, false) as is_visible,
        coalesce(versions.is_completion_enabled, false) as is_completion_enabled,
        coalesce(versions.is_site_page, false) as is_site_page,
        coalesce(versions.is_deleted, true) as is_deleted,
        coalesce(versions.is_paid, false) as is_paid,
        versions.list_price,
        versions.list_currency,
        versions.course_id is not null as is_known,
        versions.valid_from,
        versions.valid_to,
        versions.is_current
    from versions
    full outer join mentioned on versions.course_id = mentioned.course_id

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        coalesce(courses.course_key, {{ version_key('courses.course_id') }}) as course_key,
        courses.course_id,
        courses.shortname,
        courses.fullname,
        courses.idnumber,
        courses.category_id,
        coalesce(categories.category_key, {{ version_key('null::text') }}) as category_key,
        courses.format,
        courses.language,
        {{ local_date('courses.start_at') }} as start_date,
        {{ local_date('courses.end_at') }} as end_date,
        courses.is_visible,
        courses.is_completion_enabled,
        courses.is_site_page,
        courses.is_paid,
        courses.list_price::numeric(18, 4) as list_price,
        courses.list_currency,
        case
            when products.product_id is not null
                then {{ surrogate_key(['products.product_id']) }}
        end as product_key,
        courses.is_deleted,
        coalesce(courses.is_known, unknown_member.is_known) as is_known,
        coalesce(courses.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(courses.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(courses.is_current, true) as is_current
    from courses
    full outer join unknown_member on false
    left join categories on courses.category_id = categories.category_id
    left join products on courses.course_id = products.course_id

)

select * from final
