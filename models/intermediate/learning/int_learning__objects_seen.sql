-- One row per object the log ever mentioned, existing or not, and one for the site.
{{
    config(
        materialized='incremental',
        unique_key=['object_type', 'object_id'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['object_type', 'object_id'], 'unique': true}],
        meta={'grain': ['object_type', 'object_id'], 'owner': 'data-team'},
    )
}}

{#- rows of the log name a chapter as their object, other events as their chapter -#}
{%- set named = "split_part(chapter_id, '-', 2)::bigint" %}
{%- set chapter = 'case when topic is null then object_id else ' ~ named ~ ' end' %}
{%- set objects = {
    'course': {'id': 'course_id', 'only': 'course_id is not null'},
    'activity': {'id': 'activity_id', 'only': 'activity_id is not null'},
    'section': {
        'id': chapter,
        'only': "(object_table = 'course_sections' and object_id > 0)"
            ~ " or (topic is not null and chapter_id like 'section-%')",
    },
    'book_chapter': {
        'id': chapter,
        'only': "(object_table = 'book_chapters' and object_id > 0)"
            ~ " or (topic is not null and chapter_id like 'book_chapter-%')",
    },
    'ended enrolment': {
        'id': 'object_id',
        'only': "event_name = '\\core\\event\\user_enrolment_deleted' and object_id > 0",
    },
} %}

with events as not materialized (

    select * from {{ ref('fact_learning_event') }}

),

{% if is_incremental() %}
    -- the first or last event of an object was moved to another time: only all events know now
    -- which it is. Moodle does not do that.
    moved as (

        select distinct true as is_so
        from ({{ former_places() }}) as formerly
        inner join {{ this }} as known
            on formerly.ts in (known.first_seen_at, known.last_seen_at)
        where formerly.is_redated

    ),
{% endif %}

arrived as (

    select * from events
    where {{ arrived_since_last_build() }}
    {% if is_incremental() %}
        union all
        select * from events
        where not {{ arrived_since_last_build() }} and exists (select 1 from moved)
    {% endif %}

),

mentioned as (

    {% for object_type, object in objects.items() %}
        select
            '{{ object_type }}' as object_type,
            {{ object.id }} as object_id,
            min(ts) as first_seen_at,
            max(ts) as last_seen_at,
            max(_load_id) as _load_id
        from arrived
        where {{ object.only }}
        group by {{ object.id }}

        union all
    {% endfor %}

    select
        'site' as object_type,
        0 as object_id,
        min(ts) as first_seen_at,
        -- a clock that ran ahead must not decide what "now" is
        max(ts) filter (where ts <= _loaded_at) as last_seen_at,
        max(_load_id) as _load_id
    from arrived
    having count(*) > 0

),

final as (

    select
        mentioned.object_type,
        mentioned.object_id,
        {% if is_incremental() %}
            least(mentioned.first_seen_at, known.first_seen_at) as first_seen_at,
            greatest(mentioned.last_seen_at, known.last_seen_at) as last_seen_at,
        {% else %}
            mentioned.first_seen_at,
            mentioned.last_seen_at,
        {% endif %}
        mentioned._load_id
    from mentioned
    {% if is_incremental() %}
        left join {{ this }} as known
            on
                mentioned.object_type = known.object_type
                and mentioned.object_id = known.object_id
                and not exists (select 1 from moved)
    {% endif %}

)

select * from final
