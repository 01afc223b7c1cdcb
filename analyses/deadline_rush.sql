-- How long before the deadline do learners of a course hand in, and how many are late?
with hand_ins as (

    select
        course_id,
        extract(epoch from due_at - submitted_at) / 3600 as hours_left
    from {{ ref('fact_assignment_submission') }}
    where is_submitted and due_at is not null and not is_deleted

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

-- hours left at the hand-in, the lower bound included: on the deadline is in time
buckets (bucket_no, bucket, hours_from, hours_to) as (

    values
    (1, 'more than a week before', 168, 'infinity'::numeric),
    (2, '3 to 7 days before', 72, 168),
    (3, '1 to 3 days before', 24, 72),
    (4, '6 to 24 hours before', 6, 24),
    (5, '1 to 6 hours before', 1, 6),
    (6, 'in the last hour', 0, 1),
    (7, 'up to a day late', -24, 0),
    (8, 'more than a day late', '-infinity'::numeric, -24)

),

course_totals as (

    select
        course_id,
        count(*) as hand_ins_count,
        avg((hours_left >= 0 and hours_left < 24)::integer) as last_day_rate,
        avg((hours_left < 0)::integer) as late_rate,
        percentile_cont(0.5) within group (order by hours_left) as median_hours_left
    from hand_ins
    group by course_id

),

histogram as (

    select
        course_totals.course_id,
        buckets.bucket_no,
        buckets.bucket,
        count(hand_ins.hours_left) as bucket_count
    from course_totals
    cross join buckets
    left join hand_ins
        on
            course_totals.course_id = hand_ins.course_id
            and buckets.hours_from <= hand_ins.hours_left
            and buckets.hours_to > hand_ins.hours_left
    group by course_totals.course_id, buckets.bucket_no, buckets.bucket

),

final as (

    select
        histogram.course_id,
        courses.shortname,
        histogram.bucket_no,
        histogram.bucket,
        histogram.bucket_count,
        round(histogram.bucket_count::numeric / course_totals.hand_ins_count, 4) as share,
        round(
            sum(histogram.bucket_count) over (
                partition by histogram.course_id
                order by histogram.bucket_no
            ) / course_totals.hand_ins_count, 4
        ) as running_share,
        course_totals.hand_ins_count,
        course_totals.median_hours_left::numeric(10, 1) as median_hours_left,
        round(course_totals.last_day_rate, 4) as last_day_rate,
        round(course_totals.late_rate, 4) as late_rate,
        course_totals.hand_ins_count < {{ var('min_cohort_size') }} as is_small
    from histogram
    inner join course_totals on histogram.course_id = course_totals.course_id
    left join courses on histogram.course_id = courses.course_id
    order by histogram.course_id, histogram.bucket_no

)

select * from final
