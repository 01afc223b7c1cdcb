-- One row per person and team assignment, with the group the person hands in with.
with assigns as (

    select * from {{ ref('stg_moodle__assign') }}
    where is_team_submission

),

course_groups as (

    select * from {{ ref('stg_moodle__groups') }}

),

grouping_groups as (

    select * from {{ ref('stg_moodle__groupings_groups') }}

),

memberships as (

    select * from {{ ref('stg_moodle__groups_members') }}

),

submissions as (

    select * from {{ ref('stg_moodle__assign_submission') }}

),

candidates as (

    select
        assigns.assign_id,
        memberships.user_id,
        case
            when
                not memberships.is_deleted
                and not course_groups.is_deleted
                and (
                    coalesce(assigns.team_grouping_id, 0) = 0
                    or coalesce(not grouping_groups.is_deleted, false)
                )
                then memberships.group_id
        end as group_id,
        greatest(
            assigns._load_id, memberships._load_id, course_groups._load_id,
            grouping_groups._load_id
        ) as _load_id,
        greatest(
            assigns._loaded_at, memberships._loaded_at, course_groups._loaded_at,
            grouping_groups._loaded_at
        ) as _loaded_at
    from assigns
    inner join course_groups on assigns.course_id = course_groups.course_id
    inner join memberships on course_groups.group_id = memberships.group_id
    left join grouping_groups
        on
            course_groups.group_id = grouping_groups.group_id
            and assigns.team_grouping_id = grouping_groups.grouping_id

    union all

    -- people without any group
    select
        submissions.assign_id,
        submissions.user_id,
        null as group_id,
        submissions._load_id,
        submissions._loaded_at
    from submissions
    inner join assigns on submissions.assign_id = assigns.assign_id
    where submissions.user_id > 0

),

final as (

    -- Moodle's rule: who is in no group, or in several, hands in with the default group 0
    select
        assign_id,
        user_id,
        case when count(distinct group_id) = 1 then min(group_id) else 0 end as team_group_id,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from candidates
    group by assign_id, user_id

)

select * from final
