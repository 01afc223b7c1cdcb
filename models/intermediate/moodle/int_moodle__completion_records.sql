-- One row per record Moodle made of a person completing or viewing an activity.
with completions as (

    select * from {{ ref('stg_moodle__course_modules_completion') }}

),

views as (

    select * from {{ ref('stg_moodle__course_modules_viewed') }}

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

records as (

    select
        'completion' as record_type,
        activity_completion_id as record_id,
        activity_id,
        user_id,
        completion_state_code,
        overridden_by_user_id,
        modified_at as changed_at,
        case when completion_state_code in (1, 2) then modified_at end as completed_at,
        null::timestamptz as viewed_at,
        is_deleted,
        _load_id,
        _loaded_at
    from completions

    union all

    select
        'view' as record_type,
        activity_view_id as record_id,
        activity_id,
        user_id,
        null::bigint as completion_state_code,
        null::bigint as overridden_by_user_id,
        null::timestamptz as changed_at,
        null::timestamptz as completed_at,
        first_viewed_at as viewed_at,
        is_deleted,
        _load_id,
        _loaded_at
    from views

),

final as (

    select
        records.record_type,
        records.record_id,
        records.activity_id,
        activities.course_id,
        {{ student_hash('pseudonyms', 'moodle', 'records.user_id') }} as student_hash,
        records.completion_state_code,
        {{ student_hash('overriders', 'moodle', 'nullif(records.overridden_by_user_id, 0)') }}
            as overridden_by,
        records.changed_at,
        records.completed_at,
        records.viewed_at,
        records.is_deleted,
        activities._load_id as activity_load_id,
        records._load_id,
        records._loaded_at
    from records
    cross join site
    left join activities on records.activity_id = activities.activity_id
    left join pseudonyms on pseudonyms.source_user_id = records.user_id::text
    left join pseudonyms as overriders
        on overriders.source_user_id = records.overridden_by_user_id::text
    -- the account all guests share is no person, and 0 is nobody
    where records.user_id > 0 and records.user_id <> site.guest_user_id

)

select * from final
