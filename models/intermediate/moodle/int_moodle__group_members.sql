-- One row per person and group the person is in now: what a snapshot watches.
with members as (

    select * from {{ ref('stg_moodle__groups_members') }}
    where not is_deleted

),

groups as (

    select * from {{ ref('stg_moodle__groups') }}
    where not is_deleted

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        {{ surrogate_key(['members.group_id', 'pseudonyms.student_hash']) }} as group_membership_id,
        members.group_id,
        pseudonyms.student_hash,
        groups.course_id,
        groups.group_name,
        min(members.added_at) as added_at
    from members
    cross join site
    inner join groups on members.group_id = groups.group_id
    inner join pseudonyms on members.user_id::text = pseudonyms.source_user_id
    where members.user_id <> site.guest_user_id
    group by members.group_id, pseudonyms.student_hash, groups.course_id, groups.group_name

)

select * from final
