"""Real arithmetic with the same bits on every engine, eager and compiled, for samplers that decide by it.

Sums and products are rounded alike by all engines once they are fenced (`bits.settled`). Their quotients, roots,
exponentials and logarithms are not: a compiler makes a product of a division by a constant, and each library has its
own series. So those are made here, of fenced sums, products and the bits of the numbers.
"""

from typing import Any, NamedTuple

from kerasfront.random.bits import settled


class _Format(NamedTuple):
    """What the series need to know of a float type.

    Attributes:
        integer: the integer type of the same width.
        mantissa, bias: bits of the mantissa, and the offset of the exponent.
        half_root: the bits of the square root of 1/2.
        magic: what minus the bits of a number are the bits of a guess at its reciprocal.
        steps: of Newton's iteration from that guess.
        log_terms, exp_terms: lengths of the series.
        high, low: the logarithm of 2 in two parts, the first with so few bits that multiples of it are exact.
        lowest: the smallest argument of `exp` whose result is a normal number.
    """

    integer: str
    mantissa: int
    bias: int
    half_root: int
    magic: int
    steps: int
    log_terms: int
    exp_terms: int
    high: float
    low: float
    lowest: float


_FORMATS = {
    "float32": _Format("int32", 23, 127, 0x3F3504F3, 0x7EF311C7, 4, 5, 8, 0.693359375, -2.1219444005469057e-4, -87.0),
    "float64": _Format(
        "int64", 52, 1023, 0x3FE6A09E667F3BCD, 0x7FDE623822FC16E6, 6, 12, 15, 0.6931471803691238,
        1.9082149292705877e-10, -708.0,
    ),
}  # fmt: skip
_LOG2_E = 1.4426950408889634


class Exact:
    """A namespace of ops as `xp`, whose arithmetic on floats has the same bits everywhere.

    Args:
        xp: `kerasfront.ops`, or `kerasfront.random.host`; all that is not made here comes from it.
        dtype: "float32" or "float64", the type of all floats that come in.

    Attributes:
        plain: the namespace itself, for sums and products of integers.
    """

    def __init__(self, xp: Any, dtype: str):
        self.plain, self._dtype, self._format = xp, dtype, _FORMATS[dtype]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return settled(self.plain, self.plain.add(x, y), self._dtype)

    def subtract(self, x: Any, y: Any) -> Any:
        """x - y."""
        return settled(self.plain, self.plain.subtract(x, y), self._dtype)

    def multiply(self, x: Any, y: Any) -> Any:
        """x y."""
        return settled(self.plain, self.plain.multiply(x, y), self._dtype)

    def reciprocal(self, x: Any) -> Any:
        """1 / x for positive numbers, to a few last places, by Newton's iteration."""
        found = self._floats(self.plain.subtract(self._format.magic, self._bits(x)))
        for _ in range(self._format.steps):
            found = self.multiply(found, self.subtract(2.0, self.multiply(x, found)))
        return found

    def divide(self, x: Any, y: Any) -> Any:
        """x / y for positive y, to a few last places."""
        return self.multiply(x, self.reciprocal(y))

    def log(self, x: Any) -> Any:
        """The natural logarithm of positive normal numbers.

        With x = 2^e m and m from sqrt(1/2) to sqrt(2): e log 2 + 2 artanh((m - 1) / (m + 1)), by the series of artanh.
        """
        kind, xp = self._format, self.plain
        bits = self._bits(x)
        power = xp.right_shift(xp.subtract(bits, kind.half_root), kind.mantissa)
        rest = self.subtract(self._floats(xp.subtract(bits, xp.left_shift(power, kind.mantissa))), 1.0)
        ratio = self.divide(rest, self.add(rest, 2.0))
        square = self.multiply(ratio, ratio)
        series = self._polynomial(square, [2.0 / (2 * term + 1) for term in range(kind.log_terms)])
        exponent = xp.cast(power, self._dtype)
        small = self.add(self.multiply(exponent, kind.low), self.multiply(ratio, series))
        return self.add(self.multiply(exponent, kind.high), small)

    def log1p(self, x: Any) -> Any:
        """log(1 + x) for x above -1, also where 1 + x rounds to 1."""
        whole = self.add(x, 1.0)
        lost = self.subtract(x, self.subtract(whole, 1.0))
        return self.add(self.log(whole), self.divide(lost, whole))

    def exp(self, x: Any) -> Any:
        """The exponential of numbers up to 88; 0 where it is no normal number.

        With x = k log 2 + r and |r| <= log(2) / 2: 2^k times the power series at r.
        """
        kind, xp = self._format, self.plain
        within = xp.maximum(x, kind.lowest)
        k = xp.floor(self.add(self.multiply(within, _LOG2_E), 0.5))
        r = self.subtract(self.subtract(within, self.multiply(k, kind.high)), self.multiply(k, kind.low))
        coefficients = [1.0]
        for term in range(1, kind.exp_terms):
            coefficients.append(coefficients[-1] / term)
        power = xp.left_shift(xp.add(xp.cast(k, kind.integer), kind.bias), kind.mantissa)
        value = self.multiply(self._polynomial(r, coefficients), self._floats(power))
        return xp.where(xp.less(x, kind.lowest), 0.0, value)

    def sqrt(self, x: Any) -> Any:
        """The square root of positive numbers."""
        return self.exp(self.multiply(self.log(x), 0.5))

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x))."""
        small = self.exp(self.plain.negative(self.plain.abs(x)))
        return self.divide(self.plain.where(self.plain.less(x, 0.0), small, 1.0), self.add(small, 1.0))

    def _polynomial(self, x: Any, coefficients: list[float]) -> Any:
        """The sum of coefficients times powers of x, the constant one first (Horner)."""
        value = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            value = self.add(self.multiply(x, value), coefficient)
        return value

    def _bits(self, x: Any) -> Any:
        return self.plain.view(x, self._format.integer)

    def _floats(self, x: Any) -> Any:
        return self.plain.view(x, self._dtype)
