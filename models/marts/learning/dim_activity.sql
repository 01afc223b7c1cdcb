-- One row per version of an activity (course module); those that no snapshot saw have one.
{{
    config(
        indexes=[{'columns': ['activity_key'], 'unique': true}, {'columns': ['activity_id']}],
        meta={'grain': ['activity_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'activity_id', 'course_id', 'section_id', 'module_name', 'instance_id', 'name',
    'completion_rule', 'max_grade', 'due_at', 'completion_expected_at', 'is_visible',
    'is_restricted', 'is_deleted',
] %}

with versions as (

    select * from {{ ref('int_learning__activity_versions') }}

),

loaded as (

    select * from {{ ref('int_moodle__activities') }}

),

mentioned as (

    select object_id as activity_id
    from {{ ref('int_learning__objects_seen') }}
    where object_type = 'activity'

    union

    select object_id as activity_id
    from {{ ref('int_moodle__objects_mentioned') }}
    where object_type = 'activity'

),

chapters as (

    select * from {{ ref('int_learning__chapter_versions') }}
    where is_current

),

known as (

    select
        activity_key,
        {{ attributes | join(', ') }},
        valid_from,
        valid_to,
        is_current
    from versions

    union all

    -- gone before the first snapshot
    select
        null as activity_key,
        loaded.{{ attributes | join(', loaded.') }},
        null as valid_from,
        null as valid_to,
        null as is_current
    from loaded
    left join versions on loaded.activity_id = versions.activity_id
    where versions.activity_id is null

),

activities as (

    select
        known.activity_key,
        coalesce(known.activity_id, mentioned.activity_id) as activity_id,
        known.course_id,
        'section-' || nullif(known.section_id, 0) as chapter_id,
        known.module_name,
        known.instance_id,
        known.name,
        known.completion_rule,
        known.max_grade,
        known.max_grade is not null as is_graded,
        known.due_at,
        known.completion_expected_at,
        coalesce(known.is_visible, false) as is_visible,
        coalesce(known.is_restricted, false) as is_restricted,
        coalesce(known.is_deleted, true) as is_deleted,
        known.activity_id is not null as is_known,
        known.valid_from,
        known.valid_to,
        known.is_current
    from known
    full outer join mentioned on known.activity_id = mentioned.activity_id

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        coalesce(activities.activity_key, {{ version_key('activities.activity_id') }})
            as activity_key,
        activities.activity_id,
        activities.course_id,
        activities.chapter_id,
        coalesce(chapters.chapter_key, {{ version_key('activities.chapter_id') }}) as chapter_key,
        activities.module_name,
        activities.instance_id,
        activities.name,
        activities.completion_rule,
        activities.max_grade,
        activities.is_graded,
        activities.due_at,
        activities.completion_expected_at,
        activities.is_visible,
        activities.is_restricted,
        activities.is_deleted,
        coalesce(activities.is_known, unknown_member.is_known) as is_known,
        coalesce(activities.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(activities.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(activities.is_current, true) as is_current
    from activities
    full outer join unknown_member on false
    left join chapters on activities.chapter_id = chapters.chapter_id

)

select * from final
