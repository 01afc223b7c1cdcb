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

final as (

    select
        {{ surrogate_key(['versions.category_id', 'extract(epoch from versions.valid_from)']) }}
            as category_key,
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
        versions.valid_from,
        versions.valid_to,
        versions.is_current
    from versions
    left join levels
        on
            versions.category_id = levels.category_id
            and versions.valid_from = levels.valid_from

)

select * from final
