-- One row per person in a cohort, with the names of all cohorts the person is in now.
with members as (

    select * from {{ ref('stg_moodle__cohort_members') }}
    where not is_deleted

),

cohorts as (

    select * from {{ ref('stg_moodle__cohort') }}
    where not is_deleted

),

final as (

    select
        members.user_id,
        string_agg(
            cohorts.cohort_name, ', '
            order by cohorts.cohort_name, cohorts.cohort_id
        ) as cohort_names
    from members
    inner join cohorts on members.cohort_id = cohorts.cohort_id
    group by members.user_id

)

select * from final
