-- One row per attempt of a team at an assignment: the row its members share.
with submissions as (

    select * from {{ ref('stg_moodle__assign_submission') }}
    where user_id = 0

),

final as (

    select
        assign_id,
        group_id as team_group_id,
        attempt_number,
        not bool_and(is_deleted) as is_known,
        max(modified_at) filter (where not is_deleted and submission_status = 'submitted')
            as submitted_at,
        max(_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from submissions
    group by assign_id, group_id, attempt_number

)

select * from final
