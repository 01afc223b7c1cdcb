-- One row per category and each category above it, itself included at distance 0.
{{
    config(
        meta={
            'grain': ['ancestor_category_id', 'descendant_category_id'], 'owner': 'data-team',
        },
    )
}}

with recursive categories as (

    select
        category_id,
        parent_category_id
    from {{ ref('dim_course_category') }}
    where is_current and not is_deleted

),

-- parents, not paths: a path is a copy that Moodle may leave stale
closure as (

    select
        category_id as ancestor_category_id,
        category_id as descendant_category_id,
        0 as distance
    from categories

    union all

    select
        categories.parent_category_id as ancestor_category_id,
        closure.descendant_category_id,
        closure.distance + 1 as distance
    from closure
    inner join categories on closure.ancestor_category_id = categories.category_id
    inner join categories as parents on categories.parent_category_id = parents.category_id
    -- a damaged tree may hold a cycle
    where closure.distance < 100

),

final as (

    select
        {{ surrogate_key(['ancestor_category_id', 'descendant_category_id']) }} as closure_key,
        ancestor_category_id,
        descendant_category_id,
        min(distance) as distance
    from closure
    group by ancestor_category_id, descendant_category_id

)

select * from final
