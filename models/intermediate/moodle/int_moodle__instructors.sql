-- One row per person who teaches anywhere now: what a snapshot watches.
with teaching_roles as (

    select * from {{ ref('int_moodle__teaching_roles') }}

),

users as (

    select * from {{ ref('stg_moodle__user') }}

),

-- who teaches in several roles is known by the most powerful one
ranked as (

    select
        user_id,
        student_hash,
        role_shortname,
        row_number() over (partition by user_id order by role_rank, role_shortname) as position
    from teaching_roles

),

final as (

    select
        ranked.student_hash,
        ranked.role_shortname,
        users.department
    from ranked
    left join users on ranked.user_id = users.user_id
    where ranked.position = 1

)

select * from final
