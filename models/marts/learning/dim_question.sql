-- One row per version of a question, those only attempts remember and the unknown one included.
{{
    config(
        indexes=[{'columns': ['question_key'], 'unique': true}, {'columns': ['question_id']}],
        meta={'grain': ['question_id'], 'owner': 'data-team'},
    )
}}

with questions as (

    select * from {{ ref('int_moodle__questions') }}

),

asked as (

    select question_id from {{ ref('int_learning__quiz_questions') }}
    group by question_id

),

dated as (

    select
        *,
        coalesce(question_bank_entry_id, -question_id) as bank_entry,
        -- copying a course may give a later version an earlier date
        max(created_at) over (
            partition by coalesce(question_bank_entry_id, -question_id)
            order by version, question_id
        ) as began_at
    from questions

),

versions as (

    select
        *,
        case
            when row_number() over entry_versions = 1
                then timestamptz '1970-01-01 00:00:00+00'
            -- versions made in the same second follow one another
            else began_at + interval '1 microsecond' * (
                row_number() over (partition by bank_entry, began_at order by version, question_id)
                - 1
            )
        end as valid_from
    from dated
    window entry_versions as (partition by bank_entry order by version, question_id)

),

final as (

    select
        {{ version_key('question_id') }} as question_key,
        question_id,
        question_bank_entry_id,
        version::integer as version,
        question_name,
        qtype,
        default_mark,
        random_guess_score,
        status,
        created_at,
        valid_from,
        coalesce(
            lead(valid_from) over entry_versions, timestamptz '9999-12-31 00:00:00+00'
        ) as valid_to,
        lead(valid_from) over entry_versions is null as is_current,
        is_deleted,
        true as is_known
    from versions
    window entry_versions as (partition by bank_entry order by version, question_id)

    union all

    select
        {{ version_key('strangers.question_id') }} as question_key,
        strangers.question_id,
        null as question_bank_entry_id,
        null as version,
        null as question_name,
        null as qtype,
        null as default_mark,
        null as random_guess_score,
        null as status,
        null as created_at,
        timestamptz '1970-01-01 00:00:00+00' as valid_from,
        timestamptz '9999-12-31 00:00:00+00' as valid_to,
        true as is_current,
        case when strangers.question_id is not null then true end as is_deleted,
        false as is_known
    from (
        select asked.question_id from asked
        left join questions on asked.question_id = questions.question_id
        where questions.question_id is null
        union
        select null::bigint as question_id
    ) as strangers

)

select * from final
