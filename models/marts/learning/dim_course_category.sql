-- One row per version of a course category.
{{
    config(
        indexes=[{'columns': ['category_key'], 'unique': true}],
        meta={'grain': ['category_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    {{ scd2_versions(ref('snap_moodle__course_categories'), 'category_id') }}

),

current_names as (

    select
        category_id,
        name
    from versions
    where is_current

),

-- Moodle's path is /1/4/9: the ids from the root down to the category itself
steps as (

    select
        versions.category_id,
        versions.valid_from,
        current_names.name,
        step.level
    from versions
    cross join
        lateral unnest(string_to_array(trim(versions.path, '/'), '/'))
        with ordinality as step (id, level)
    left join current_names on step.id = current_names.category_id::text

),

levels as (

    select
        category_id,
        valid_from,
        max(name) filter (where level = 1) as level_1,
        max(name) filter (where level = 2) as level_2,
        max(name) filter (where level = 3) as level_3,
        max(name) filter (where level = 4) as level_4,
        max(name) filter (where level = 5) as level_5
    from steps
    group by category_id, valid_from

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ version_key(
            'versions.category_id',
            "coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00')"
        ) }} as category_key,
        versions.category_id,
        versions.parent_category_id,
        versions.name,
        versions.idnumber,
        versions.depth,
        versions.path,
        levels.level_1,
        levels.level_2,
        levels.level_3,
        levels.level_4,
        levels.level_5,
        versions.is_visible,
        versions.is_deleted,
        coalesce(unknown_member.is_known, true) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from versions
    full outer join unknown_member on false
    left join levels
        on
            versions.category_id = levels.category_id
            and versions.valid_from = levels.valid_from

)

select * from final
