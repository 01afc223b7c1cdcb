-- One row per version of a course; courses only others remember have one unnamed version.
{{
    config(
        indexes=[{'columns': ['course_key'], 'unique': true}, {'columns': ['course_id']}],
        meta={'grain': ['course_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    {{ scd2_versions(ref('snap_moodle__courses'), 'course_id') }}

),

-- courses that were gone before the first load
mentioned as (

    select object_id as course_id
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'course'

    union

    select course_id from {{ ref('int_moodle__enrolments') }}

),

categories as (

    select * from {{ ref('dim_course_category') }}
    where is_current

),

courses as (

    select
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
        versions.course_id is not null as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from versions
    full outer join mentioned on versions.course_id = mentioned.course_id

),

final as (

    select
        {{ surrogate_key(['courses.course_id', 'extract(epoch from courses.valid_from)']) }}
            as course_key,
        courses.course_id,
        courses.shortname,
        courses.fullname,
        courses.idnumber,
        courses.category_id,
        categories.category_key,
        courses.format,
        courses.language,
        {{ local_date('courses.start_at') }} as start_date,
        {{ local_date('courses.end_at') }} as end_date,
        courses.is_visible,
        courses.is_completion_enabled,
        courses.is_site_page,
        courses.is_deleted,
        courses.is_known,
        courses.valid_from,
        courses.valid_to,
        courses.is_current
    from courses
    left join categories on courses.category_id = categories.category_id

)

select * from final
