-- What stands in the gradebook stands in fact_grade once, whatever the history knows of it.
with grades as (

    select
        grade_item_id,
        student_hash,
        max(final_grade) as final_grade
    from {{ ref('int_moodle__grade_records') }}
    where change_type = 'current' and not is_deleted
    group by grade_item_id, student_hash

),

current_changes as (

    select
        grade_item_id,
        student_hash,
        max(final_grade) as final_grade,
        count(*) as changes_count
    from {{ ref('fact_grade') }}
    where is_current
    group by grade_item_id, student_hash

)

select
    coalesce(grades.grade_item_id, current_changes.grade_item_id) as grade_item_id,
    coalesce(grades.student_hash, current_changes.student_hash) as student_hash,
    grades.final_grade as grade_in_moodle,
    current_changes.final_grade,
    current_changes.changes_count
from grades
full outer join current_changes
    on
        grades.grade_item_id = current_changes.grade_item_id
        and grades.student_hash = current_changes.student_hash
where
    current_changes.changes_count is distinct from 1
    or grades.final_grade is distinct from current_changes.final_grade
