-- One row per grade given to a person for an activity or a manual item, changed grades included.
with changes as (

    select
        *,
        lag(final_grade) over (
            partition by grade_item_id, student_hash
            order by change_no
        ) as previous_grade
    from {{ ref('fact_grade') }}
    -- totals of courses and categories follow from these
    where item_type in ('mod', 'manual')

),

final as (

    select
        grade_key,
        student_hash,
        course_id,
        grade_item_id,
        graded_at,
        grade_pct
    from changes
    -- Moodle also writes rows that change no grade
    where
        change_type <> 'delete'
        and final_grade is not null
        and final_grade is distinct from previous_grade
        and graded_at is not null

)

select * from final
