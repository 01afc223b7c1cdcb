{#-
    What identifies an event of Moodle wherever it is met: webhooks carry the row of the log without
    the log's id. Over the columns of stg_moodle__logstore_standard_log. Two events of one second
    that differ only in what Moodle keeps in `other`, which is never read, get the same id.
-#}
{% macro moodle_event_id() -%}
    {{ surrogate_key([
        'event_name', 'user_id', 'context_id', 'object_id', 'related_user_id',
        'extract(epoch from occurred_at)::bigint',
    ]) }}
{%- endmacro %}
