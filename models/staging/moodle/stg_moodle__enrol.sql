-- One row per enrolment method of a course.
with source as (

    select * from {{ source('moodle', 'mdl_enrol') }}

),

final as (

    select
        ---------- ids
        id as enrolment_method_id,
        courseid as course_id,
        roleid as default_role_id,
        customint1 as custom_int_1,
        ---------- properties
        enrol as method_name,
        name as method_label,
        status as status_code,
        (status = 0) as is_enabled,
        sortorder as sort_order,
        ---------- amounts
        case when cost ~ '^[0-9]+([.][0-9]+)?$' then cost::numeric end as cost_amount,
        currency,
        enrolperiod as enrolment_period_seconds,
        ---------- timestamps
        {{ epoch_to_timestamp('enrolstartdate') }} as opens_at,
        {{ epoch_to_timestamp('enrolenddate') }} as closes_at,
        {{ epoch_to_timestamp('timecreated') }} as created_at,
        {{ epoch_to_timestamp('timemodified') }} as modified_at,
        ---------- bookkeeping
        _deleted_at is not null as is_deleted,
        _load_id,
        _loaded_at
    from source

)

select * from final
