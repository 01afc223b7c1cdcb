-- One row per activity ever loaded: the section it stands in.
with course_modules as (

    select * from {{ ref('stg_moodle__course_modules') }}

),

final as (

    select
        activity_id,
        section_id,
        _load_id
    from course_modules

)

select * from final
