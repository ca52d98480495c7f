{# The cleaned form of each `name_raw` of a relation (one row per distinct name): name_cleaned (no blanks, half-width, one middle dot, simplified
   characters, `?` where a character was lost), name_pinyin (a syllable without tone per character; what is no known character stands
   for itself; dots leave nothing). #}
{% macro clean_names(relation) -%}
    with tidied as (
        select distinct
            name_raw,
            replace(replace({{ to_half_width('name_raw') }}, ' ', ''), '.', '·') as name_tidied
        from {{ relation }}
        where name_raw is not null
    ),

    name_characters as (
        {{ characters_of('tidied', ['name_raw'], 'name_tidied') }}
    ),

    traditional_forms as (
        {{ characters_of(ref('traditional_characters'), ['simplified'], 'traditional') }}
    ),

    pinyin_characters as (
        {{ characters_of(ref('name_pinyin'), ['pinyin'], 'characters') }}
    ),

    simplified as (
        select
            name_characters.name_raw,
            name_characters.place,
            coalesce(traditional_forms.simplified, name_characters.character) as character
        from name_characters
        left join traditional_forms
            on name_characters.character = traditional_forms.character
    ),

    spelled as (
        select
            simplified.name_raw,
            simplified.place,
            simplified.character,
            case when simplified.character <> '·' then coalesce(pinyin_characters.pinyin, lower(simplified.character)) end as pinyin
        from simplified
        left join pinyin_characters
            on simplified.character = pinyin_characters.character
    )

    select
        name_raw,
        {{ text_joined('character', '', 'place') }} as name_cleaned,
        {{ text_joined('pinyin', ' ', 'place') }} as name_pinyin
    from spelled
    group by name_raw
{%- endmacro %}
