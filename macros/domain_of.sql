{#-
    The domain of an address in lower case, without user, port and a leading www.; null of
    whatever is not an absolute address (a path, an empty text).
-#}
{% macro domain_of(url) -%}
    nullif(substring(
        lower({{ url }})
        from '^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?:www[.])?([^/?#:@[:space:][]+)'
    ), '')
{%- endmacro %}
