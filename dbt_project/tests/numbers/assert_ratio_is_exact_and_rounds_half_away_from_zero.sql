-- The one way of dividing: six decimals, exact, half away from zero, on both sides of zero; null without a part or with a zero below.
-- The half-way vectors are those that floating point gets wrong.
with

vectors as (
    select
        cast(numerator as decimal(28, 6)) as numerator,
        cast(denominator as decimal(28, 6)) as denominator,
        cast(multiply as integer) as multiply,
        cast(divide as integer) as divide,
        cast(expected as decimal(28, 6)) as expected
    from (
        values
        ('1', '3', 1, 1, '0.333333'),
        ('2', '3', 1, 1, '0.666667'),
        ('-2', '3', 1, 1, '-0.666667'),
        ('2', '-3', 1, 1, '-0.666667'),
        ('-2', '-3', 1, 1, '0.666667'),
        -- Exactly half of the seventh decimal.
        ('1', '2000000', 1, 1, '0.000001'),
        ('-1', '2000000', 1, 1, '-0.000001'),
        ('3', '2000000', 1, 1, '0.000002'),
        ('5', '2000000', 1, 1, '0.000003'),
        ('0.000001', '2', 1, 1, '0.000001'),
        ('-0.000001', '2', 1, 1, '-0.000001'),
        ('1.0000025', '5', 1, 1, '0.200001'),
        ('2000001', '32000000', 1, 1, '0.062500'),
        ('1000001', '64', 1, 1, '15625.015625'),
        ('1000001', '128', 1, 1, '7812.507813'),
        ('-1000001', '128', 1, 1, '-7812.507813'),
        -- Just below half.
        ('0.999999', '2000000', 1, 1, '0.000000'),
        -- Large money: a hundred trillion yuan to the fen.
        ('99999999999999.99', '0.01', 1, 1, '9999999999999999.000000'),
        ('99999999999999.99', '3', 1, 1, '33333333333333.330000'),
        ('12345678901234.56', '98765432109876.54', 1, 1, '0.125000'),
        -- A mean that is not rounded before it divides: 1 ÷ ((1 + 1 + 1) ÷ 7) = 7 ÷ 3.
        ('1', '3', 7, 1, '2.333333'),
        ('5', '3', 12, 2, '10.000000'),
        ('0', '5', 1, 1, '0.000000'),
        ('5', '0', 1, 1, null),
        (null, '5', 1, 1, null),
        ('5', null, 1, 1, null),
        ('5', '1', 1, 0, null)
    ) as listed (numerator, denominator, multiply, divide, expected)
),

divided as (
    select
        *,
        {{ ratio('numerator', 'denominator', 'multiply', 'divide') }} as given
    from vectors
)

select *
from divided
where given <> expected or (given is null) <> (expected is null)
