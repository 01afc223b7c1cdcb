-- One row per person whose profile tells the month of birth.
with profile_values as (

    select * from {{ ref('stg_moodle__user_info_data') }}
    where not is_deleted and birth_month is not null

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

final as (

    select
        pseudonyms.student_hash,
        min(profile_values.birth_month) as birth_month
    from profile_values
    inner join pseudonyms on profile_values.user_id::text = pseudonyms.source_user_id
    group by pseudonyms.student_hash

)

select * from final
