-- One row per version of a chapter (section or book chapter); those that no snapshot saw have one.
{{
    config(
        indexes=[{'columns': ['chapter_key'], 'unique': true}, {'columns': ['chapter_id']}],
        meta={'grain': ['chapter_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_learning__chapter_versions') }}

),

objects as (

    select
        object_type,
        object_id
    from {{ ref('int_learning__objects_seen') }}

    union

    select
        object_type,
        object_id
    from {{ ref('int_moodle__objects_mentioned') }}

),

-- chapters may be gone before the first snapshot
mentioned as (

    select
        object_type || '-' || object_id as chapter_id,
        replace(object_type, '_', ' ') as chapter_type
    from objects
    where object_type in ('section', 'book_chapter')

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

chapters as (

    select
        versions.chapter_key,
        coalesce(versions.chapter_id, mentioned.chapter_id) as chapter_id,
        coalesce(versions.chapter_type, mentioned.chapter_type) as chapter_type,
        versions.course_id,
        versions.activity_id,
        versions.section_num,
        versions.name,
        versions.sequence_no,
        coalesce(versions.is_visible, false) as is_visible,
        coalesce(versions.is_deleted, true) as is_deleted,
        versions.chapter_id is not null as is_known,
        versions.valid_from,
        versions.valid_to,
        versions.is_current
    from versions
    full outer join mentioned on versions.chapter_id = mentioned.chapter_id

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        coalesce(chapters.chapter_key, {{ version_key('chapters.chapter_id') }}) as chapter_key,
        chapters.chapter_id,
        chapters.chapter_type,
        chapters.course_id,
        coalesce(courses.course_key, {{ version_key('chapters.course_id') }}) as course_key,
        chapters.activity_id,
        chapters.section_num,
        chapters.name,
        chapters.sequence_no,
        chapters.is_visible,
        chapters.is_deleted,
        coalesce(chapters.is_known, unknown_member.is_known) as is_known,
        coalesce(chapters.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(chapters.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(chapters.is_current, true) as is_current
    from chapters
    full outer join unknown_member on false
    left join courses on chapters.course_id = courses.course_id

)

select * from final
