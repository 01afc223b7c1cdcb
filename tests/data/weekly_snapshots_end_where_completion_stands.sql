-- Proves that the progress of the current week, summed from changes, is the progress counted from
-- what is completed now.
select
    snapshots.student_hash,
    snapshots.course_id,
    snapshots.progress_pct,
    completions.progress_pct as counted_pct
from {{ ref('learner_course_snapshot_weekly') }} as snapshots
inner join {{ ref('fact_course_completion') }} as completions
    on
        snapshots.student_hash = completions.student_hash
        and snapshots.course_id = completions.course_id
where
    snapshots.is_current_week
    and snapshots.progress_pct is distinct from round(completions.progress_pct, 2)
