-- One row per event that Moodle sent as it happened, copies included.
{%- set numbers = {
    'objectid': 'object_id', 'contextid': 'context_id', 'contextinstanceid': 'context_instance_id',
    'courseid': 'course_id', 'userid': 'user_id', 'relateduserid': 'related_user_id',
    'realuserid': 'real_user_id', 'contextlevel': 'context_level', 'edulevel': 'education_level',
} %}
{%- set texts = {
    'eventname': 'event_name', 'component': 'component', 'action': 'action', 'target': 'target',
    'objecttable': 'object_table', 'crud': 'crud_code', 'origin': 'origin', 'ip': 'ip',
} %}

with source as (

    select * from {{ source('events', 'moodle_webhooks') }}

),

parsed as (

    select
        {%- for field, column in numbers.items() %}
            {{ json_value('payload', [field], 'bigint') }} as {{ column }},
        {%- endfor %}
        {%- for field, column in texts.items() %}
            {{ json_value('payload', [field]) }} as {{ column }},
        {%- endfor %}
        {{ json_value('payload', ['anonymous'], 'bigint') }} = 1 as is_anonymous,
        {{ epoch_to_timestamp(json_value('payload', ['timecreated'], 'bigint')) }} as occurred_at,
        produced_at,
        lane,
        source_partition,
        source_offset,
        _load_id,
        _loaded_at
    from source

),

final as (

    select
        ---------- ids
        -- Moodle sends the row of its log without the log's id: what identifies it is hashed
        {{ moodle_event_id() }} as event_id,
        user_id,
        related_user_id,
        real_user_id,
        course_id,
        context_id,
        context_instance_id,
        object_id,
        ---------- what happened
        event_name,
        component,
        action,
        target,
        object_table,
        crud_code,
        education_level,
        context_level,
        origin,
        is_anonymous,
        {{ truncate_ip('ip') }} as ip_network,
        ---------- timestamps
        occurred_at,
        produced_at,
        ---------- bookkeeping
        lane,
        source_partition,
        source_offset,
        _load_id,
        _loaded_at
    from parsed

)

select * from final
