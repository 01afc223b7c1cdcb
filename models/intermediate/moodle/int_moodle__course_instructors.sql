-- One row per person, teaching role and course the role holds in now: what a snapshot watches.
with teaching_roles as (

    select * from {{ ref('int_moodle__teaching_roles') }}

),

-- the front page is no course
course_contexts as (

    select * from {{ ref('stg_moodle__context') }}
    where context_level = 50 and context_instance_id > 1 and not is_deleted

),

-- a path is /1/11/79: roles given for the site or a category hold in the courses below
places as (

    select
        course_contexts.context_instance_id as course_id,
        place.context_id
    from course_contexts
    cross join
        lateral unnest(
            string_to_array(
                trim(coalesce(course_contexts.context_path, course_contexts.context_id::text), '/'),
                '/'
            )
        ) as place (context_id)

),

held as (

    select
        places.course_id,
        teaching_roles.student_hash,
        teaching_roles.role_shortname,
        min(teaching_roles.assigned_at) as assigned_at
    from teaching_roles
    inner join places on teaching_roles.context_id::text = places.context_id
    group by places.course_id, teaching_roles.student_hash, teaching_roles.role_shortname

),

final as (

    select
        {{ surrogate_key(['course_id', 'student_hash', 'role_shortname']) }}
            as course_instructor_id,
        course_id,
        student_hash,
        role_shortname,
        assigned_at
    from held

)

select * from final
