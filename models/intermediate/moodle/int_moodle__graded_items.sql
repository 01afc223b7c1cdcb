-- One row per grade given to a person for an activity or a manual item, changed grades included.
with history as (

    select * from {{ ref('stg_moodle__grade_grades_history') }}

),

-- totals of courses and categories follow from these
items as (

    select * from {{ ref('stg_moodle__grade_items') }}
    where item_type in ('mod', 'manual')

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

changes as (

    select
        *,
        lag(final_grade) over (
            partition by grade_id
            order by grade_history_id
        ) as previous_grade
    from history

),

final as (

    select
        changes.grade_history_id,
        {{ student_hash('pseudonyms', 'moodle', 'changes.user_id') }} as student_hash,
        items.course_id,
        changes.grade_item_id,
        changes.changed_at as graded_at,
        round(
            100 * (changes.final_grade - changes.raw_min_grade)
            / nullif(changes.raw_max_grade - changes.raw_min_grade, 0),
            4
        )::numeric(9, 4) as grade_pct,
        changes._load_id
    from changes
    inner join items on changes.grade_item_id = items.grade_item_id
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = changes.user_id::text
    where
        -- 3 is the deletion of a grade; Moodle also writes rows that change no grade
        changes.action_code in (1, 2)
        and changes.final_grade is not null
        and changes.final_grade is distinct from changes.previous_grade
        and changes.user_id > 0
        and changes.user_id <> site.guest_user_id

)

select * from final
