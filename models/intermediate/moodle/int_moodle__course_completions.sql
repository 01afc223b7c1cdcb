-- One row per person and course Moodle keeps or kept a completion record of.
with completions as (

    select * from {{ ref('stg_moodle__course_completions') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

-- unlocking deletes the records of a course; later ones are new
ranked as (

    select
        *,
        row_number() over (
            partition by user_id, course_id
            order by is_deleted asc, course_completion_id desc
        ) as recency
    from completions

),

final as (

    select
        {{ student_hash('pseudonyms', 'moodle', 'ranked.user_id') }} as student_hash,
        ranked.course_id,
        ranked.enrolled_at,
        ranked.started_at,
        ranked.completed_at,
        ranked.reaggregate_at is not null as is_reaggregation_pending,
        ranked.is_deleted,
        ranked._loaded_at
    from ranked
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = ranked.user_id::text
    where
        ranked.recency = 1
        and ranked.user_id > 0
        and ranked.user_id <> site.guest_user_id

)

select * from final
