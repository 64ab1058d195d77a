"""Loops over the samples of a signal that array operations cannot express, or only in many passes: compiled.

Nothing in them may reorder operations, so that a loop gives the same last digits everywhere.
"""

import inspect
from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from augment.acoustics.machine_code import MachineCode, Parameter, machine_code


class Loop:
    """A function of numbers and arrays, compiled when first called.

    It is written as one of C would be: it takes no lengths from arrays, raises and returns nothing, and writes into
    arrays that are given to it. What it takes is said by its annotations.

    Args:
        function: Takes ``int``, ``float`` and ``NDArray`` of a kind of numbers.

    Example:
        >>> from numpy.typing import NDArray
        >>> def doubled(size: int, signal: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        ...     for n in range(size):
        ...         out[n] = 2 * signal[n]
        >>> out = np.empty(2)
        >>> Loop(doubled)(2, np.array([1.0, 2.5]), out)
        >>> out.tolist()
        [2.0, 5.0]
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function
        self._takes = tuple(map(_parameter, inspect.signature(function).parameters.values()))
        self._code: MachineCode | None = None

    def __call__(self, *arguments: Any) -> None:
        """Run it.

        Args:
            arguments: Numbers, and contiguous arrays that are as long as the loop takes them to be: nothing checks it.

        Raises:
            TypeError: An array is not contiguous, has several dimensions, or is not of the kind that was announced.
        """
        code = self._code = self._code or machine_code(self._function, self._takes)  # of two threads, each has its own
        code.run(*[_passed(takes, value) for takes, value in zip(self._takes, arguments, strict=True)])


def _parameter(parameter: inspect.Parameter) -> Parameter:
    kind = parameter.annotation
    if kind in (int, float):
        return Parameter(np.dtype(kind), array=False)
    return Parameter(np.dtype(get_args(get_args(kind)[1])[0]), array=True)


def _passed(takes: Parameter, value: Any) -> Any:
    """What C is given: a number, or the address of the first sample."""
    if not takes.array:
        return value
    if value.dtype != takes.dtype or value.ndim != 1 or not value.flags.c_contiguous:
        found = f"{value.dtype} of shape {value.shape} with strides {value.strides}"
        raise TypeError(f"expected contiguous {takes.dtype} of one dimension, found {found}")
    return value.ctypes.data
