-- One row per activity Moodle can tell was done, with its deadline for everybody, if any.
with activities as (

    select * from {{ ref('int_moodle__activities') }}
    -- who may see a restricted activity is not known
    where not is_deleted and is_visible and not is_restricted

),

assigns as (

    select * from {{ ref('stg_moodle__assign') }}

),

final as (

    select
        activities.activity_id,
        activities.course_id,
        activities.module_name,
        activities.instance_id,
        activities.due_at,
        case
            when activities.module_name = 'quiz' then 'attempt'
            when activities.module_name = 'assign' and not assigns.is_offline then 'submission'
            else 'completion'
        end as evidence
    from activities
    left join assigns
        on activities.instance_id = assigns.assign_id and activities.module_name = 'assign'
    -- without hand-ins and without completion, nobody knows who did it
    where
        activities.module_name = 'quiz'
        or (activities.module_name = 'assign' and not assigns.is_offline)
        or activities.completion_rule <> 'none'

)

select * from final
