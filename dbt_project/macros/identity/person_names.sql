{# The cleaned form of each `name_raw` of a relation (one row per distinct name): name_cleaned (no blanks, half-width, one middle dot, simplified
   characters, `?` where a character was lost), name_pinyin (a syllable without tone per character; what is no known character stands
   for itself; dots leave nothing). Names of up to six characters, nearly all, are spelled by lookups; putting pieces of text together
   in order costs ten times as much and is left to the long ones. #}
{% macro clean_names(relation) -%}
    with name_texts as (
        select distinct name_raw
        from {{ relation }}
        where name_raw is not null
    ),

    -- By a maximum, though there is one of each: a condition on a plain column would be worked out with it once more, for every record.
    tidied as (
        select
            name_raw,
            max({{ tidied_name('name_raw') }}) as name_tidied
        from name_texts
        group by name_raw
    ),

    traditional_forms as (
        {{ characters_of(ref('traditional_characters'), ['simplified'], 'traditional') }}
    ),

    pinyin_characters as (
        {{ characters_of(ref('name_pinyin'), ['pinyin'], 'characters') }}
    ),

    -- Every character that is written otherwise in the cleaned name, or has a sound.
    known_characters as (
        select
            coalesce(traditional_forms.character, pinyin_characters.character) as character,
            coalesce(traditional_forms.simplified, pinyin_characters.character) as simplified,
            coalesce(simplified_pinyin.pinyin, pinyin_characters.pinyin) as pinyin
        from traditional_forms
        full join pinyin_characters
            on traditional_forms.character = pinyin_characters.character
        left join pinyin_characters as simplified_pinyin
            on traditional_forms.simplified = simplified_pinyin.character
    ),

    short_names as (
        select
            name_raw,
            {% for place in range(1, 7) -%}
            nullif(substr(name_tidied, {{ place }}, 1), '') as character_{{ place }}{{ ',' if not loop.last }}
            {% endfor %}
        from tidied
        where length(name_tidied) between 1 and 6
    ),

    short_spelled as (
        select
            short_names.name_raw,
            {% for place in range(1, 7) -%}
            coalesce(known_{{ place }}.simplified, short_names.character_{{ place }}, '')
            {{- ' || ' if not loop.last }}
            {% endfor %} as name_cleaned,
            trim(
            {% for place in range(1, 7) -%}
            case when short_names.character_{{ place }} <> '·' then ' ' || coalesce(known_{{ place }}.pinyin, lower(short_names.character_{{ place }})) else '' end
            {{- ' || ' if not loop.last }}
            {% endfor %}
            ) as name_pinyin
        from short_names
        {% for place in range(1, 7) -%}
        left join known_characters as known_{{ place }}
            on short_names.character_{{ place }} = known_{{ place }}.character
        {% endfor %}
    ),

    long_names as (
        select
            name_raw,
            name_tidied
        from tidied
        where length(name_tidied) > 6
    ),

    long_characters as (
        {{ characters_of('long_names', ['name_raw'], 'name_tidied') }}
    ),

    long_spelled as (
        select
            long_characters.name_raw,
            long_characters.place,
            coalesce(known_characters.simplified, long_characters.character) as character,
            case when long_characters.character <> '·' then coalesce(known_characters.pinyin, lower(long_characters.character)) end as pinyin
        from long_characters
        left join known_characters
            on long_characters.character = known_characters.character
    )

    select
        name_raw,
        name_cleaned,
        name_pinyin
    from short_spelled
    union all
    select
        name_raw,
        {{ text_joined('character', '', 'place') }} as name_cleaned,
        {{ text_joined('pinyin', ' ', 'place') }} as name_pinyin
    from long_spelled
    group by name_raw
{%- endmacro %}

{# A name without blanks, half-width, with one kind of middle dot; what stands for a character that a machine could not write (a box, an
   asterisk, the replacement character, the private area of a code page) is `?`. #}
{% macro tidied_name(text) -%}
    case
        when {{ fits_pattern(text, '^[一-鿿]+$') }} then {{ text }}
        else {{ marks_of_lost_characters("replace(replace(" ~ to_half_width(text) ~ ", ' ', ''), '.', '·')") }}
    end
{%- endmacro %}

{% macro marks_of_lost_characters(text) -%}
    {{ return(adapter.dispatch('marks_of_lost_characters')(text)) }}
{%- endmacro %}

{% macro default__marks_of_lost_characters(text) -%}
    regexp_replace({{ text }}, '[*＊□■〓○◇\uFFFD\uE000-\uF8FF]', '?')
{%- endmacro %}

{% macro duckdb__marks_of_lost_characters(text) -%}
    regexp_replace({{ text }}, '[*＊□■〓○◇\x{FFFD}\x{E000}-\x{F8FF}]', '?', 'g')
{%- endmacro %}
