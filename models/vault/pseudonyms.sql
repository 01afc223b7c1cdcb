-- One row per person that any source mentioned, with the pseudonym all marts know them by.
{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'source_user_id'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['source_system', 'source_user_id'], 'unique': true}],
        contract={'enforced': true},
        meta={'grain': ['source_system', 'source_user_id'], 'owner': 'data-team'},
    )
}}

{%- set moodle_tables = ['user', 'logstore_standard_log', 'user_enrolments'] %}
{%- set event_tables = [
    'user_events', 'assessment_events', 'learning_progress', 'clickstream', 'quiz', 'video',
    'clicks', 'cart', 'purchase', 'meeting_events', 'proctoring_violations',
] %}

with mentioned as (

    {% for table in moodle_tables %}
        select
            'moodle' as person_system,
            user_id::text as person_id,
            _load_id
        from {{ ref('stg_moodle__' ~ table) }}
        -- 0 is nobody and negative ids are no persons
        where user_id > 0

        union all
    {% endfor %}

    {% for table in event_tables %}
        select
            person_system,
            person_id,
            _load_id
        from {{ ref('stg_events__' ~ table) }}
        where person_system is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

arrived as (

    select
        person_system,
        person_id,
        max(_load_id) as _load_id
    from mentioned
    where {{ arrived_since_last_build() }}
    group by person_system, person_id

),

final as (

    select
        person_system::text as source_system,
        person_id as source_user_id,
        vault.pseudonymise(person_system, person_id) as student_hash,
        _load_id
    from arrived

)

select * from final
