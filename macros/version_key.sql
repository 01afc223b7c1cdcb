{#-
    Key of a version of a type 2 dimension: its durable id and the instant it began. Without
    `valid_from` it is the key of the first version, which reaches back to 1970: what a fact
    points at whose id no snapshot has seen (yet), and with a null id the unknown member. Facts
    and dimensions therefore agree on a key before either has seen the other.
-#}
{% macro version_key(id, valid_from="timestamptz '1970-01-01 00:00:00+00'") -%}
    {{ surrogate_key([id, "extract(epoch from " ~ valid_from ~ ")"]) }}
{%- endmacro %}
