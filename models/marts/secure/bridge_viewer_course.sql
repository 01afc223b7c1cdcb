-- One row per account, course and group of it whose learners the account's owner may see.
{{
    config(
        materialized='table',
        indexes=[{'columns': ['login_hash', 'course_id']}],
        meta={'grain': ['viewer_course_key'], 'owner': 'data-team'},
    )
}}

with viewer_courses as (

    select * from {{ ref('int_moodle__viewer_courses') }}

),

final as (

    select
        {{ surrogate_key(['login_hash', 'course_id', 'group_id']) }} as viewer_course_key,
        login_hash,
        course_id,
        group_id
    from viewer_courses

)

select * from final
