{#-
    A deterministic surrogate key: md5 over the columns with an unambiguous separator, so that
    rebuilds give the same keys. Null and '' differ.
-#}
{% macro surrogate_key(columns) -%}
    md5(concat_ws(
        '|'
        {%- for column in columns %}
        , coalesce(replace(({{ column }})::text, '|', '||'), '~null~')
        {%- endfor %}
    ))
{%- endmacro %}
