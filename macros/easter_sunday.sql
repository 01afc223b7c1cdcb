{#-
    Easter Sunday of a year, by the Gregorian computus (Meeus/Jones/Butcher): the first Sunday
    after the full moon `moon` days after 21 March, two corrections included.
-#}
{% macro easter_sunday(year) -%}
    (
        select
            make_date(given.y, 3, 22) + moon.days + sunday.days
            - 7 * ((given.y % 19 + 11 * moon.days + 22 * sunday.days) / 451)
        from (select ({{ year }})::integer as y) as given
        cross join lateral (
            select
                (
                    19 * (given.y % 19) + given.y / 100 - given.y / 400 + 15
                    - (given.y / 100 - (given.y / 100 + 8) / 25 + 1) / 3
                ) % 30 as days
        ) as moon
        cross join lateral (
            select
                (
                    32 + 2 * (given.y / 100 % 4) + 2 * (given.y % 100 / 4)
                    - moon.days - given.y % 4
                ) % 7 as days
        ) as sunday
    )
{%- endmacro %}
