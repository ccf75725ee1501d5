"""Eight numbers side by side: the vector type that the kernels compute with.

A case of the network is a lane. All lanes of a vector go through the same instructions, so eight cases cost little
more than one. Plain `for k in range(8)` loops do not get there, because LLVM cannot prove that two arrays differ
(measured on L-Town: the factorisation takes 2.9 times as long, the new flows 2.5 times), hence a Numba type that *is*
an LLVM vector. On a machine without 512-bit registers LLVM splits it in two or four.

Operators `+ - * /` and unary `-` work between `Lanes` and with floats. Products and sums may be fused (`contract`),
nothing else is relaxed: NaN and order stay as written, so a lane's result does not depend on its neighbours.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array

WIDTH = 8
"""Cases in a vector: eight doubles fill a 512-bit register."""

compiled_inline: Any = intrinsic
"""Numba's decorator; it hides its first argument, which a type checker cannot know."""

_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(64), WIDTH)
_MASK = ir.VectorType(ir.IntType(1), WIDTH)
_FUSE = ("contract",)


class LanesType(types.Type):
    """Numba's name for a vector of eight doubles."""

    def __init__(self) -> None:
        super().__init__(name="Lanes8")


lanes_type = LanesType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [float(value)] * WIDTH)


def _whole(value: int) -> ir.Constant:
    return ir.Constant(_INTEGERS, [int(value)] * WIDTH)


def _spread(builder: Any, value: Any) -> Any:
    """The scalar in every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH))


def _row(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Pointer to row `index` of a C-ordered (n, 8) array."""
    data = make_array(array_type)(context, builder, array).data
    start = builder.gep(data, [builder.mul(index, ir.Constant(index.type, WIDTH))])
    return builder.bitcast(start, _VECTOR.as_pointer())


@compiled_inline
def load(typing: Any, array: Any, index: Any) -> Any:
    """Row `index` of an (n, 8) array of float64."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = builder.load(_row(context, builder, sig.args[0], args[0], args[1]))
        value.align = 8
        return value

    return lanes_type(array, types.intp), code


@compiled_inline
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a vector to row `index` of an (n, 8) array of float64."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        done = builder.store(args[2], _row(context, builder, sig.args[0], args[0], args[1]))
        done.align = 8
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes_type), code


@compiled_inline
def fill(typing: Any, value: Any) -> Any:
    """One number in all lanes."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _spread(builder, args[0])

    return lanes_type(types.float64), code


_SYMBOLS = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}


class _Arithmetic(ConcreteTemplate):
    cases = (
        signature(lanes_type, lanes_type, lanes_type),
        signature(lanes_type, lanes_type, types.float64),
        signature(lanes_type, types.float64, lanes_type),
    )


class _Negation(ConcreteTemplate):
    cases = (signature(lanes_type, lanes_type),)


def _define(symbol: Any, instruction: str) -> None:
    infer_global(symbol)(type(f"_{instruction}", (_Arithmetic,), {}))

    @lower_builtin(symbol, lanes_type, lanes_type)
    def _both(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(args[0], args[1], flags=_FUSE)

    @lower_builtin(symbol, lanes_type, types.float64)
    def _right(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(args[0], _spread(builder, args[1]), flags=_FUSE)

    @lower_builtin(symbol, types.float64, lanes_type)
    def _left(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(_spread(builder, args[0]), args[1], flags=_FUSE)


for _symbol, _instruction in _SYMBOLS.items():
    _define(_symbol, _instruction)
infer_global(operator.neg)(_Negation)


@lower_builtin(operator.neg, lanes_type)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fsub(_constant(-0.0), args[0])


def _unary(name: str, doc: str) -> Any:
    """An LLVM vector function of one argument."""

    def function(typing: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            kind = ir.FunctionType(_VECTOR, [_VECTOR])
            called = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{WIDTH}f64")
            return builder.call(called, [args[0]])

        return lanes_type(lanes_type), code

    function.__doc__ = doc
    return compiled_inline(function)


magnitude = _unary("llvm.fabs", "Absolute value.")
root = _unary("llvm.sqrt", "Square root.")
_nearest = _unary("llvm.rint", "Nearest whole number.")


@compiled_inline
def less(typing: Any, left: Any, right: Any) -> Any:
    """Bit k of the result is set where lane k of `left` < lane k of `right`."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        mask = builder.fcmp_ordered("<", args[0], args[1])
        return builder.zext(builder.bitcast(mask, ir.IntType(8)), ir.IntType(64))

    return types.int64(lanes_type, lanes_type), code


@compiled_inline
def choose(typing: Any, bits: Any, yes: Any, no: Any) -> Any:
    """Lane k of `yes` where bit k is set, else of `no`."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        mask = builder.bitcast(builder.trunc(args[0], ir.IntType(8)), _MASK)
        return builder.select(mask, args[1], args[2])

    return lanes_type(types.int64, lanes_type, lanes_type), code


def _extreme(sign: str, doc: str) -> Any:
    def function(typing: Any, left: Any, right: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(sign, args[0], args[1]), args[0], args[1])

        return lanes_type(lanes_type, lanes_type), code

    function.__doc__ = doc
    return compiled_inline(function)


larger = _extreme(">", "The larger of two, lane by lane.")
smaller = _extreme("<", "The smaller of two, lane by lane.")


@compiled_inline
def exponent(typing: Any, value: Any) -> Any:
    """The binary exponent of a positive number, as a float."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        raw = builder.lshr(builder.bitcast(args[0], _INTEGERS), _whole(52))
        return builder.sitofp(builder.sub(raw, _whole(1023)), _VECTOR)

    return lanes_type(lanes_type), code


@compiled_inline
def mantissa(typing: Any, value: Any) -> Any:
    """The mantissa of a positive number, in [1, 2)."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.and_(builder.bitcast(args[0], _INTEGERS), _whole(0x000FFFFFFFFFFFFF))
        return builder.bitcast(builder.or_(bits, _whole(0x3FF0000000000000)), _VECTOR)

    return lanes_type(lanes_type), code


@compiled_inline
def _two_to_the(typing: Any, whole: Any) -> Any:
    """2**n for whole n between -1022 and 1023."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        number = builder.add(builder.fptosi(args[0], _INTEGERS), _whole(1023))
        return builder.bitcast(builder.shl(number, _whole(52)), _VECTOR)

    return lanes_type(lanes_type), code


def _fit(function: Any, low: float, high: float, degree: int) -> tuple[float, ...]:
    """Coefficients, lowest power first, of the Chebyshev interpolant of `function` on [low, high]."""
    nodes = np.cos(np.pi * (np.arange(4 * degree) + 0.5) / (4 * degree)) * (high - low) / 2 + (high + low) / 2
    series = np.polynomial.chebyshev.Chebyshev.fit(nodes, function(nodes), degree, domain=[low, high])
    return tuple(float(c) for c in series.convert(kind=np.polynomial.Polynomial).coef)


_EXP2 = _fit(np.exp2, -0.5, 0.5, 7)
_LOG2 = _fit(lambda u: np.log2((1 + u**0.5) / (1 - u**0.5)) / u**0.5, 1e-9, 0.0295, 7)
_HAZEN = _fit(lambda m: m**-0.852, 1.0, 2.0, 11)
_SWAMEE = _fit(lambda m: m**-0.9, 1.0, 2.0, 11)

POWER_ERROR = 2e-9
"""Largest relative error of the functions below, and absolute of the logarithm, from 1e-14 to 1e7; tested.
A head loss of 100 m is then right to 0.1 micrometres."""


@njit(forceinline=True)
def exp2(x):
    """2**x for |x| < 1022."""
    n = _nearest(x)
    f = x - n
    c = _EXP2
    p = ((f * c[7] + c[6]) * f + c[5]) * f + c[4]
    p = (p * f + c[3]) * f + c[2]
    return ((p * f + c[1]) * f + c[0]) * _two_to_the(n)


@njit(forceinline=True)
def log2(x):
    """Binary logarithm of a positive normal number: log2 m = 2 artanh(t)/ln 2 with t = (m-1)/(m+1)."""
    m = mantissa(x)
    e = exponent(x)
    high = less(fill(1.4142135623730951), m)
    m = choose(high, m * 0.5, m)
    e = choose(high, e + 1.0, e)
    t = (m - 1.0) / (m + 1.0)
    u = t * t
    c = _LOG2
    p = ((u * c[7] + c[6]) * u + c[5]) * u + c[4]
    p = (((p * u + c[3]) * u + c[2]) * u + c[1]) * u + c[0]
    return e + t * p


@njit(forceinline=True)
def power(x, y):
    """x**y for positive x and one y for all lanes."""
    return exp2(log2(x) * y)


@njit(forceinline=True)
def _steep(x, c, y):
    """x**y = m**y * 2**(e y), with a polynomial for the mantissa's part: one exponential and no logarithm."""
    m = mantissa(x)
    p = ((m * c[11] + c[10]) * m + c[9]) * m + c[8]
    p = (((p * m + c[7]) * m + c[6]) * m + c[5]) * m + c[4]
    p = (((p * m + c[3]) * m + c[2]) * m + c[1]) * m + c[0]
    return p * exp2(exponent(x) * y)


@njit(forceinline=True)
def hazen_power(x):
    """x**-0.852: the slope of the Hazen-Williams formula, upside down."""
    return _steep(x, _HAZEN, -0.852)


@njit(forceinline=True)
def swamee_power(x):
    """x**-0.9: the Reynolds number's part of the Swamee-Jain formula."""
    return _steep(x, _SWAMEE, -0.9)
