{#-
    A number from the text a SCORM package reports. The standard says decimal point; '', 'abc' and
    '7,5' (which might be 75 or 7.5) become null, and so does what no score can be.
-#}
{% macro scorm_number(value) -%}
    case
        when trim({{ value }}) ~ '^[-+]?([0-9]{1,10}([.][0-9]*)?|[.][0-9]+)$'
            then trim({{ value }})::numeric
    end
{%- endmacro %}

{#-
    Seconds from the time a SCORM package reports: 0001:02:03.45 (1.2) or PT1H2M3.45S (2004). Both
    are intervals Postgres can read once the pattern holds; years and months have no fixed length.
-#}
{% macro scorm_seconds(value) -%}
    case
        when
            trim({{ value }}) ~ '^[0-9]{1,4}:[0-5]?[0-9]:[0-5]?[0-9]([.][0-9]+)?$'
            or trim({{ value }})
            ~ '^P(?=.)([0-9]{1,3}D)?(T(?=[0-9])([0-9]{1,5}H)?([0-9]{1,6}M)?([0-9]{1,8}([.][0-9]+)?S)?)?$'
            then floor(extract(epoch from trim({{ value }})::interval))::integer
    end
{%- endmacro %}

{#- A score as a percentage of its range, which starts at 0 unless told otherwise; or as scaled. -#}
{% macro scorm_score_pct(raw, lowest, highest, scaled) -%}
    case
        when {{ raw }} between coalesce({{ lowest }}, 0) and {{ highest }}
            then
                100 * ({{ raw }} - coalesce({{ lowest }}, 0))
                / nullif({{ highest }} - coalesce({{ lowest }}, 0), 0)
        when {{ scaled }} between 0 and 1 then 100 * {{ scaled }}
    end
{%- endmacro %}
