-- One row per person and course the person is in a group of: the groups, as one text.
{{ config(meta={'grain': ['student_hash', 'course_id'], 'owner': 'data-team'}) }}

with memberships as (

    select * from {{ ref('bridge_learner_group') }}
    where is_current

),

final as (

    select
        student_hash,
        course_id,
        string_agg(distinct group_name, ', ' order by group_name) as group_names
    from memberships
    group by student_hash, course_id

)

select * from final
