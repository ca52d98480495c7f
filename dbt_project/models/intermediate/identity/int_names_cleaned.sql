-- One row per name as keyed in: cleaned, and spelled in pinyin. Grain: (name_raw).
{{ clean_names(person_texts('name_raw')) }}
