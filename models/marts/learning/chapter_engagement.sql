-- One row per chapter and day on which a learner began a visit to it.
{{
    config(
        indexes=[{'columns': ['chapter_id', 'date']}],
        meta={
            'grain': ['date', 'course_id', 'chapter_id'],
            'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

with visits as (

    select * from {{ ref('int_learning__visit_outcomes') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

chapters as (

    select
        *,
        max(sequence_no) filter (where is_visible and not is_deleted)
            over (partition by course_id) as last_sequence_no
    from {{ ref('int_learning__chapter_versions') }}
    where is_current

),

tracked_chapters as (

    select chapter_id from {{ ref('int_learning__chapter_activities') }}
    group by chapter_id

),

-- a learner is followed from the first visit of the day
days as (

    select
        date,
        course_id,
        chapter_id,
        sum(seconds)::integer as total_time_spent,
        count(*)::integer as visits_count,
        (count(*) filter (where is_first_of_day))::integer as unique_students,
        avg(max_scroll_depth)::numeric(5, 2) as avg_scroll_depth,
        (count(*) filter (where is_first_of_day and is_observed))::integer as eligible_students,
        (
            count(*) filter (
                where is_first_of_day and is_observed and (has_moved_on or has_completed)
            )
        )::integer as retained_students
    from visits
    group by date, course_id, chapter_id

),

final as (

    select
        ---------- promised columns, in the promised order
        days.date,
        days.course_id,
        days.chapter_id,
        days.total_time_spent,
        (days.total_time_spent::numeric / days.visits_count)::numeric(12, 2)
            as avg_time_per_visit,
        days.unique_students,
        days.visits_count,
        days.avg_scroll_depth,
        -- undefined where there is neither a chapter to go on to nor anything to complete
        case
            when
                chapters.sequence_no < chapters.last_sequence_no
                or tracked_chapters.chapter_id is not null
                then 1 - days.retained_students::numeric / nullif(days.eligible_students, 0)
        end::numeric(5, 4) as dropoff_rate,

        ---------- keys
        {{ surrogate_key(['days.date', 'days.course_id', 'days.chapter_id']) }}
            as chapter_engagement_key,
        {{ date_key('days.date') }} as date_key,
        coalesce(courses.course_key, {{ version_key('days.course_id') }}) as course_key,
        coalesce(chapters.chapter_key, {{ version_key('days.chapter_id') }}) as chapter_key,

        ---------- what the drop-off rests on
        days.eligible_students,
        days.retained_students,
        days.eligible_students = days.unique_students as is_complete,
        days.unique_students < {{ var('min_cohort_size') }} as is_small
    from days
    left join courses on days.course_id = courses.course_id
    left join chapters on days.chapter_id = chapters.chapter_id
    left join tracked_chapters on days.chapter_id = tracked_chapters.chapter_id

)

select * from final
