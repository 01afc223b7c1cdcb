{#-
    A deterministic surrogate key: md5 over the columns as text, so that rebuilds give the same
    keys. Values are escaped (~ as ~~, | as ~p, null as ~n) before they are joined by |: two
    different rows never give the same text. A timestamp's text depends on the session's time
    zone: pass `extract(epoch from ...)`.
-#}
{% macro surrogate_key(columns) -%}
    md5(concat_ws(
        '|'
        {%- for column in columns %}
        , coalesce(replace(replace(({{ column }})::text, '~', '~~'), '|', '~p'), '~n')
        {%- endfor %}
    ))
{%- endmacro %}
