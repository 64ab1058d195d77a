"""Machine code of loops: made by numba once, and loaded without it ever after.

numba costs each process half a second and 70 MB, even where all that it does is to load what it kept. Here the code is
an object file, beside Python's own compiled files or, where nothing can be written, in the user's cache folder;
llvmlite, on which numba stands, loads it in some milliseconds. Code that is damaged, or can be kept nowhere, costs time
alone.
"""

import ctypes
import hashlib
import inspect
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import numpy as np

from augment.packages import version_of
from augment.user_cache import user_cache

DIGEST_BYTES = 32


@dataclass(frozen=True)
class Parameter:
    """What a loop takes in one of its places.

    Attributes:
        dtype: Of the number, or of the numbers of an array.
        array: Whether it is an array, of which the loop is given the address.
    """

    dtype: np.dtype[Any]
    array: bool

    @property
    def in_c(self) -> Any:
        """Its type for ctypes."""
        return ctypes.c_void_p if self.array else np.ctypeslib.as_ctypes_type(self.dtype)


@dataclass(frozen=True)
class MachineCode:
    """A compiled function.

    Attributes:
        run: The function; arrays are given to it as addresses.
        owner: Whatever holds its code in memory: the function may be called for as long as this is there.
    """

    run: Callable[..., None]
    owner: Any


def machine_code(function: Callable[..., None], takes: Sequence[Parameter]) -> MachineCode:
    """A function in machine code: kept code if there is any, and otherwise made and kept.

    Args:
        function: Of a module; uses arrays, numbers, and numbers of its module. It raises nothing.
        takes: What it takes.
    """
    in_c = ctypes.CFUNCTYPE(None, *(parameter.in_c for parameter in takes))
    places: list[Path] = []
    with suppress(Exception):  # where the machine or the source cannot be told, nothing is kept
        places += _places(function, takes)
    for place in places:
        with suppress(Exception):  # it is damaged
            if place.is_file():
                address, owner = _loaded(place)
                return MachineCode(in_c(address), owner)
    made = _made(function, takes)
    with suppress(Exception):  # another version of llvmlite may not do all this: what is made serves this process
        _keep(_code(made), places)
    return MachineCode(in_c(made.address), made)


def _made(function: Callable[..., None], takes: Sequence[Parameter]) -> Any:
    from numba import cfunc, from_dtype, types

    kinds = [(types.CPointer if one.array else lambda kind: kind)(from_dtype(one.dtype)) for one in takes]
    return cfunc(types.void(*kinds), error_model="numpy")(function)


def _code(made: Any) -> bytes:
    """An object file, after the name of the function in it.

    Raises:
        ValueError: It calls functions of numba.
    """
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(made.inspect_llvm())
    asked = [each.name for each in module.functions if each.is_declaration and not each.name.startswith("llvm.")]
    if asked:
        raise ValueError(f"{made.native_name} calls {asked}")
    code: bytes = made.native_name.encode() + b"\0" + _machine().emit_object(module)
    return code


def _digest(place: Path, code: bytes) -> bytes:
    """Hash by which a flipped bit is noticed, and so is the code of another function under this name."""
    return hashlib.sha256(place.name.encode() + b"\0" + code).digest()


def _keep(code: bytes, places: Sequence[Path]) -> None:
    """Write it to the first place that can be written, after its hash, at once and whole."""
    for place in places:
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
            try:
                unfinished.write_bytes(_digest(place, code) + code)
                unfinished.replace(place)
            finally:
                unfinished.unlink(missing_ok=True)
            return


def _loaded(place: Path) -> tuple[int, Any]:
    """The address of the function in what was kept, and what holds it there.

    Raises:
        ValueError: It is damaged.
    """
    import llvmlite.binding as llvm

    kept = place.read_bytes()
    digest, code = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
    if digest != _digest(place, code):
        raise ValueError(f"{place} is damaged")
    name, _, compiled = code.partition(b"\0")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(compiled))
    engine.finalize_object()
    address = engine.get_function_address(name.decode())
    if not address:
        raise ValueError(f"{place} has no function {name!r}")
    return address, engine


def _machine() -> Any:
    """This machine, for llvmlite, as numba describes it."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    options = {"opt": 3, "jit": True, "reloc": "default", "codemodel": "jitdefault"}
    return llvm.Target.from_default_triple().create_target_machine(llvm.get_host_cpu_name(), features, **options)


def _places(function: Callable[..., None], takes: Sequence[Parameter]) -> Iterator[Path]:
    """Where its code may be kept, with all that decides it in the name of the file."""
    source = Path(inspect.getfile(function))
    if not source.is_file():  # it was typed in
        return
    name = f"{source.stem}.{function.__name__}-{_key(function, takes, source)}.o"
    yield Path(cache_from_source(str(source))).parent / name
    if (cache := user_cache()) is not None:
        yield cache / "compiled" / name


def _key(function: Callable[..., None], takes: Sequence[Parameter], source: Path) -> str:
    import llvmlite.binding as llvm

    used = inspect.getclosurevars(function).globals
    numbers = {name: value for name, value in used.items() if isinstance(value, int | float)}
    machine = llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    versions = version_of("numba"), version_of("llvmlite"), np.__version__
    digest = hashlib.sha256(source.read_bytes() + Path(__file__).read_bytes())
    digest.update(repr((list(takes), numbers, machine, versions)).encode())
    return digest.hexdigest()[:32]
