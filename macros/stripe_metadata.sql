{#-
    The entries of an object's metadata the marts need (var `stripe_metadata_keys`), {} without any.
    Anybody may write anything there, names and addresses too: what is not asked for stays behind.
-#}
{% macro stripe_metadata(metadata) -%}
    (
        select coalesce(jsonb_object_agg(entry.key, entry.value), '{}')
        from jsonb_each_text({{ metadata }}) as entry (key, value)
        where entry.key in ('{{ var("stripe_metadata_keys") | join("', '") }}')
    )
{%- endmacro %}
