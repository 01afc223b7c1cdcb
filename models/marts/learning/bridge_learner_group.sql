-- One row per period in which a person was in a group of a course.
{{
    config(
        indexes=[{'columns': ['student_hash']}, {'columns': ['course_id']}],
        meta={'grain': ['learner_group_key'], 'owner': 'data-team'},
    )
}}

with periods as (

    {{ membership_periods(
        ref('snap_moodle__group_members'), 'group_membership_id', 'added_at'
    ) }}

),

learners as (

    select * from {{ ref('dim_learner') }}
    where is_current

),

final as (

    select
        {{ surrogate_key(
            ['periods.group_membership_id', 'extract(epoch from periods.held_from)']
        ) }} as learner_group_key,
        periods.group_membership_id,
        periods.student_hash,
        coalesce(learners.learner_key, {{ version_key('periods.student_hash') }}) as learner_key,
        periods.course_id,
        periods.group_id,
        periods.group_name,
        periods.held_from as valid_from,
        periods.valid_to,
        periods.is_current
    from periods
    left join learners on periods.student_hash = learners.student_hash

)

select * from final
