-- One row per person and activity whose completion Moodle has recorded, those taken back included.
with completions as (

    select * from {{ ref('stg_moodle__course_modules_completion') }}

),

activities as (

    select * from {{ ref('stg_moodle__course_modules') }}

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
        completions.activity_completion_id,
        {{ student_hash('pseudonyms', 'moodle', 'completions.user_id') }} as student_hash,
        activities.course_id,
        completions.activity_id,
        completions.completion_state_code as state_code,
        -- 1 complete, 2 complete with a pass; 0 not (any more), 3 tried and failed
        case
            when completions.completion_state_code in (1, 2) then completions.modified_at
        end as completed_at,
        completions.is_deleted,
        completions._load_id
    from completions
    cross join site
    left join activities on completions.activity_id = activities.activity_id
    left join pseudonyms on pseudonyms.source_user_id = completions.user_id::text
    where completions.user_id > 0 and completions.user_id <> site.guest_user_id

)

select * from final
