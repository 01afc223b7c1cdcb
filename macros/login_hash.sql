{#-
    The pseudonym of a user name (law 6), the same for the account in Moodle and for whoever logs
    in to a dashboard by that name: lower case, trimmed.
-#}
{% macro login_hash(username) -%}
    vault.pseudonymise('login', lower(trim({{ username }})))
{%- endmacro %}
