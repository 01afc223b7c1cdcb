-- One row per version of a course that a snapshot saw, with the key facts point at.
with versions as (

    {{ scd2_versions(ref('snap_moodle__courses'), 'course_id') }}

),

final as (

    select
        {{ version_key('course_id', 'valid_from') }} as course_key,
        course_id,
        shortname,
        fullname,
        idnumber,
        category_id,
        format,
        language,
        start_at,
        end_at,
        is_visible,
        is_completion_enabled,
        is_site_page,
        is_paid,
        list_price,
        list_currency,
        is_deleted,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from final
