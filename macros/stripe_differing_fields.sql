{#-
    Names of the fields in which an object as an event carried it and as the API answers with it
    differ, separated by commas; null if in none. Only fields that both have are compared: versions of the API
    differ in what they have, and in how they write what is inside of a field.
-#}
{% macro stripe_differing_fields(told, answered, is_same_version) -%}
    {#- written anew by Stripe for every reader, or without an event -#}
    {%- set volatile = [
        'client_secret', 'disputed', 'hosted_invoice_url', 'invoice_pdf', 'next_invoice_sequence',
        'pdf', 'receipt_url', 'url', 'webhooks_delivered_at',
    ] -%}
    {%- set answer = '(' ~ answered ~ ' -> field.name)' -%}
    (
        select string_agg(field.name, ', ' order by field.name)
        from jsonb_each({{ told }}) as field (name, value)
        where
            {{ answered }} ? field.name
            and field.name not in ('{{ volatile | join("', '") }}')
            and (
                {{ is_same_version }}
                or jsonb_typeof(field.value) not in ('object', 'array')
                and jsonb_typeof({{ answer }}) not in ('object', 'array')
            )
            -- an event carries the beginning of a list only
            and coalesce(field.value ->> 'has_more', 'false') = 'false'
            and {{ stripe_comparable('field.value') }}
            is distinct from {{ stripe_comparable(answer) }}
    )
{%- endmacro %}
