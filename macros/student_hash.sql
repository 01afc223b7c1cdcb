{#-
    The pseudonym of a person (law 6): taken from `vault.pseudonyms` where the person is known
    there, computed where the person arrived after the last build of that table. Null ids stay
    null. Needs the alias of a left join to `ref('pseudonyms')`.
-#}
{% macro student_hash(pseudonyms, source_system, user_id) -%}
    coalesce(
        {{ pseudonyms }}.student_hash,
        vault.pseudonymise('{{ source_system }}', ({{ user_id }})::text)
    )
{%- endmacro %}
