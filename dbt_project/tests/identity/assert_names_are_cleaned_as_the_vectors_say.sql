-- Every name of the vectors comes out with the name and the pinyin that stand beside it.
with

cleaned as (
    select * from (
        {{ clean_names(ref('name_vectors')) }}
    ) as names
)

select
    vectors.vector_no,
    vectors.expected_name,
    vectors.expected_pinyin,
    cleaned.name_cleaned,
    cleaned.name_pinyin
from {{ ref('name_vectors') }} as vectors
left join cleaned
    on vectors.name_raw = cleaned.name_raw
where coalesce(cleaned.name_cleaned, '') <> coalesce(vectors.expected_name, '')
    or coalesce(cleaned.name_pinyin, '') <> coalesce(vectors.expected_pinyin, '')
