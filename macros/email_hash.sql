{#-
    The pseudonym of an e-mail address, the same in every system: lower case, trimmed, NFKC. What
    stands before the @ is left as it is, unless the vars `email_ignores_tags` (after a +) and
    `email_ignores_dots` say otherwise: not every provider delivers ann+x@ to ann@. Null for what
    is no address. The address itself is never selected behind this (law 6).
-#}
{% macro email_hash(email) -%}
    {%- set address = 'lower(trim(normalize(' ~ email ~ ', nfkc)))' -%}
    {%- if var('email_ignores_tags') -%}
        {%- set address = "regexp_replace(" ~ address ~ ", '\\+[^@]*@', '@')" -%}
    {%- endif -%}
    {%- if var('email_ignores_dots') -%}
        {%- set address = "regexp_replace(" ~ address ~ ", '\\.(?=[^@]*@)', '', 'g')" -%}
    {%- endif -%}
    case when {{ email }} like '%@%' then vault.pseudonymise('email', {{ address }}) end
{%- endmacro %}
