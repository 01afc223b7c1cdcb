-- Proves that each category has a row for itself and one for each level above it: as many rows as
-- Moodle says it is deep, with the distances 0 to depth - 1.
-- A warning only: Moodle's depth is a copy that a damaged tree leaves stale.
{{ config(severity='warn') }}

with categories as (

    select
        category_id,
        depth
    from {{ ref('dim_course_category') }}
    where is_current and not is_deleted

),

closure as (

    select
        descendant_category_id,
        count(*) as levels_count,
        count(distinct distance) as distances_count,
        max(distance) as longest_distance,
        count(*) filter (
            where distance = 0 and ancestor_category_id = descendant_category_id
        ) as self_count
    from {{ ref('bridge_category_closure') }}
    group by descendant_category_id

)

select
    categories.category_id,
    categories.depth,
    closure.descendant_category_id,
    closure.levels_count,
    closure.longest_distance
from categories
full outer join closure on categories.category_id = closure.descendant_category_id
where
    (closure.self_count, closure.levels_count, closure.distances_count, closure.longest_distance)
    is distinct from (1, categories.depth, categories.depth, categories.depth - 1)
