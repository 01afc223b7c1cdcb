-- One row per person that any source mentioned, with the pseudonym all marts know them by.
{{
    config(
        materialized='incremental',
        unique_key='source_user_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['source_system', 'source_user_id'], 'unique': true}],
        contract={'enforced': true},
        meta={'grain': ['source_system', 'source_user_id'], 'owner': 'data-team'},
    )
}}

with mentioned as (

    select
        user_id,
        _load_id
    from {{ ref('stg_moodle__user') }}

    union all

    select
        user_id,
        _load_id
    from {{ ref('stg_moodle__logstore_standard_log') }}

    union all

    select
        user_id,
        _load_id
    from {{ ref('stg_moodle__user_enrolments') }}

),

arrived as (

    select
        user_id,
        max(_load_id) as _load_id
    from mentioned
    -- 0 is nobody and negative ids are no persons
    where user_id > 0 and {{ arrived_since_last_build() }}
    group by user_id

),

final as (

    select
        'moodle'::text as source_system,
        user_id::text as source_user_id,
        vault.pseudonymise('moodle', user_id::text) as student_hash,
        _load_id
    from arrived

)

select * from final
