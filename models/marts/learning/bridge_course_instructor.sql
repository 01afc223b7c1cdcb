-- One row per period in which a person held a teaching role in a course, inherited roles included.
{{
    config(
        indexes=[{'columns': ['course_id']}, {'columns': ['student_hash']}],
        meta={'grain': ['course_instructor_key'], 'owner': 'data-team'},
    )
}}

with periods as (

    {{ membership_periods(
        ref('snap_moodle__course_instructors'), 'course_instructor_id', 'assigned_at'
    ) }}

),

courses as (

    select * from {{ ref('dim_course') }}
    where is_current

),

instructors as (

    select * from {{ ref('dim_instructor') }}
    where is_current

),

final as (

    select
        {{ surrogate_key(
            ['periods.course_instructor_id', 'extract(epoch from periods.held_from)']
        ) }} as course_instructor_key,
        periods.course_instructor_id,
        periods.course_id,
        coalesce(courses.course_key, {{ version_key('periods.course_id') }}) as course_key,
        periods.student_hash,
        coalesce(instructors.instructor_key, {{ version_key('periods.student_hash') }})
            as instructor_key,
        periods.role_shortname,
        periods.held_from as valid_from,
        periods.valid_to,
        periods.is_current
    from periods
    left join courses on periods.course_id = courses.course_id
    left join instructors on periods.student_hash = instructors.student_hash

)

select * from final
