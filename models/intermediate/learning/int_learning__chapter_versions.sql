-- One row per version of a chapter that a snapshot saw, with the key facts point at.
with versions as (

    {{ scd2_versions(ref('snap_moodle__chapters'), 'chapter_id') }}

),

final as (

    select
        {{ version_key('chapter_id', 'valid_from') }} as chapter_key,
        chapter_id,
        chapter_type,
        course_id,
        activity_id,
        section_num,
        name,
        sequence_no,
        is_visible,
        is_deleted,
        valid_from,
        valid_to,
        is_current
    from versions

)

select * from final
