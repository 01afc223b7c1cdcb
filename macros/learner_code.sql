{#-
    A pseudonym for people to read out and compare, as 3fa9-c01b-7d22: its first twelve digits. Of a
    million learners two share a code in one warehouse out of five hundred. As personal as the
    pseudonym; docs/dashboards.md says who finds the learner by it.
-#}
{% macro learner_code(student_hash) -%}
    {%- set digits = "split_part(" ~ student_hash ~ ", '_', 2)" -%}
    substr({{ digits }}, 1, 4) || '-' || substr({{ digits }}, 5, 4)
    || '-' || substr({{ digits }}, 9, 4)
{%- endmacro %}
