-- One row per course and type of completion rule, plus one for the whole course.
with source as (

    select * from {{ source('moodle', 'mdl_course_completion_aggr_methd') }}

),

final as (

    select
        ---------- ids
        id as completion_aggregation_id,
        course as course_id,
        ---------- properties
        criteriatype as criterion_type_code,
        method as method_code,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
