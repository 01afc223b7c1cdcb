{#- The login of who looks at a dashboard, UTF-8 in hex; null in a session nobody signed. -#}
{% macro viewer_login() -%}
    (select viewer.login from secure.viewer() as viewer)
{%- endmacro %}


{#- Pseudonym of the login of who looks at a dashboard; null in a session nobody signed. -#}
{% macro viewer_login_hash() -%}
    (select viewer.login_hash from secure.viewer() as viewer)
{%- endmacro %}


{#- True in the session of a viewer who sees every course; false in one nobody signed. -#}
{% macro viewer_sees_everything() -%}
    coalesce((select viewer.sees_everything from secure.viewer() as viewer), false)
{%- endmacro %}


{#-
    A measure of a small cell, kept from who does not see everything (var min_cohort_size). Null
    where `is_small`.
-#}
{% macro unless_small(measure, is_small='is_small') -%}
    case when not {{ is_small }} or {{ viewer_sees_everything() }} then {{ measure }} end
{%- endmacro %}
