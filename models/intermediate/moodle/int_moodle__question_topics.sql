-- One row per version of a question and topic: its tags, or where it has none, its category.
with questions as (

    select * from {{ ref('stg_moodle__question_versions') }}

),

entries as (

    select * from {{ ref('stg_moodle__question_bank_entries') }}

),

categories as (

    select * from {{ ref('stg_moodle__question_categories') }}

),

tags as (

    select * from {{ ref('stg_moodle__tag') }}
    where not is_deleted

),

tag_instances as (

    select * from {{ ref('stg_moodle__tag_instance') }}
    where not is_deleted and component = 'core_question' and item_type = 'question'

),

-- a tag can be on a question once in each context
tagged as (

    select
        tag_instances.item_id as question_id,
        tags.tag_id as topic_id,
        tags.tag_name as topic_name
    from tag_instances
    inner join tags on tag_instances.tag_id = tags.tag_id
    group by tag_instances.item_id, tags.tag_id, tags.tag_name

),

final as (

    select
        question_id,
        'tag' as topic_type,
        topic_id,
        topic_name
    from tagged

    union all

    -- questions that are gone included: their attempts stay
    select
        questions.question_id,
        'category' as topic_type,
        categories.question_category_id as topic_id,
        categories.question_category_name as topic_name
    from questions
    inner join entries on questions.question_bank_entry_id = entries.question_bank_entry_id
    inner join categories on entries.question_category_id = categories.question_category_id
    left join tagged on questions.question_id = tagged.question_id
    where tagged.question_id is null

)

select * from final
