-- One row per person and assignment or quiz with an extension or an override, past ones too.
with memberships as (

    select * from {{ ref('stg_moodle__groups_members') }}

),

user_flags as (

    select * from {{ ref('stg_moodle__assign_user_flags') }}

),

assign_overrides as (

    select * from {{ ref('stg_moodle__assign_overrides') }}

),

quiz_overrides as (

    select * from {{ ref('stg_moodle__quiz_overrides') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

overrides as (

    -- the assignment's exception with the lowest place decides even if it sets no deadline
    select
        'assign' as module_name,
        assign_id as instance_id,
        group_id,
        user_id,
        due_at,
        sort_order,
        not is_deleted as is_valid,
        _load_id,
        _loaded_at
    from assign_overrides

    union all

    -- a quiz takes the most lenient deadline among those set
    select
        'quiz' as module_name,
        quiz_id as instance_id,
        group_id,
        user_id,
        closes_at as due_at,
        0 as sort_order,
        not is_deleted and closes_at is not null as is_valid,
        _load_id,
        _loaded_at
    from quiz_overrides

),

exceptions as (

    select
        'assign' as module_name,
        assign_id as instance_id,
        user_id,
        extension_due_at as due_at,
        1 as precedence,
        0 as sort_order,
        not is_deleted and extension_due_at is not null as is_valid,
        _load_id,
        _loaded_at
    from user_flags

    union all

    select
        module_name,
        instance_id,
        user_id,
        due_at,
        2 as precedence,
        sort_order,
        is_valid,
        _load_id,
        _loaded_at
    from overrides
    where user_id is not null

    union all

    select
        overrides.module_name,
        overrides.instance_id,
        memberships.user_id,
        overrides.due_at,
        3 as precedence,
        overrides.sort_order,
        overrides.is_valid and not memberships.is_deleted as is_valid,
        greatest(overrides._load_id, memberships._load_id) as _load_id,
        greatest(overrides._loaded_at, memberships._loaded_at) as _loaded_at
    from overrides
    inner join memberships on overrides.group_id = memberships.group_id

),

decided as (

    select
        module_name,
        instance_id,
        user_id,
        (
            array_agg(due_at order by precedence asc, sort_order asc, due_at desc)
            filter (where is_valid)
        )[1] as due_at,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from exceptions
    group by module_name, instance_id, user_id

),

final as (

    select
        decided.module_name,
        decided.instance_id,
        decided.user_id,
        {{ student_hash('pseudonyms', 'moodle', 'decided.user_id') }} as student_hash,
        decided.due_at,
        decided._load_id,
        decided._loaded_at
    from decided
    left join pseudonyms on pseudonyms.source_user_id = decided.user_id::text

)

select * from final
