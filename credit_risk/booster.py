"""The booster's raw score of one row, by the shortest way that LightGBM has.

Here: LightGBM's single-row call, which reads its parameters once and not for every row. Add to it
when LightGBM's C interface changes. Keep out: whole matrices (`Booster.predict` is right there),
calibration, and how a row comes about.
"""

import ctypes
import threading
import weakref
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from credit_risk.errors import ModelError

if TYPE_CHECKING:
    import lightgbm

# LightGBM's own numbers (C_API_DTYPE_FLOAT64, C_API_PREDICT_RAW_SCORE); its Python package keeps them private.
FLOAT64 = 1
RAW_SCORE = 1
# One row is too little to share out, and a pool of threads costs more than the row.
PARAMETERS = b"num_threads=1"


class SingleRowBooster:
    """A booster that scores one row at a time; safe to share between threads.

    LightGBM keeps a prepared call's buffers with it, so each thread prepares one of its own.

    Args:
        booster: of one output.
    """

    def __init__(self, booster: "lightgbm.Booster") -> None:
        self._booster = booster
        self._calls = threading.local()

    def raw_score(self, row: npt.NDArray[np.float64]) -> float:
        """The raw score (log-odds) of a row, the bits of `Booster.predict(raw_score=True)`.

        Args:
            row: (n_scored,) float64, contiguous; nan where missing.
        """
        try:
            call = self._calls.prepared
        except AttributeError:
            call = self._calls.prepared = _PreparedCall(self._booster)
        raw: float = call(row)
        return raw


class _PreparedCall:
    """LightGBM's prepared call for one thread; freed with the thread."""

    def __init__(self, booster: "lightgbm.Booster") -> None:
        library = _library()
        config = ctypes.c_void_p()
        _check(
            library.LGBM_BoosterPredictForMatSingleRowFastInit(
                # The handle has no public name; it is what every call of LightGBM's own package passes.
                booster._handle,  # noqa: SLF001
                ctypes.c_int(RAW_SCORE),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_int(FLOAT64),
                ctypes.c_int32(booster.num_feature()),
                ctypes.c_char_p(PARAMETERS),
                ctypes.byref(config),
            )
        )
        # The call reads the booster's trees: it must not outlive them.
        self._booster = booster
        self._config = config
        # Without letting the interpreter go: other threads would take it for milliseconds, and a row takes
        # a tenth of one.
        # Its path has no public name either.
        self._run = ctypes.PyDLL(library._name).LGBM_BoosterPredictForMatSingleRowFast  # noqa: SLF001
        self._n_columns = booster.num_feature()
        self._n_written = ctypes.byref(ctypes.c_int64(0))
        self._result = ctypes.c_double()
        self._result_at = ctypes.byref(self._result)
        weakref.finalize(self, library.LGBM_FastConfigFree, config)

    def __call__(self, row: npt.NDArray[np.float64]) -> float:
        # C reads as many numbers as the booster has columns, whatever is behind the pointer.
        if row.shape != (self._n_columns,) or row.dtype != np.float64 or not row.flags.c_contiguous:
            raise ModelError(
                f"a row of shape {row.shape} and type {row.dtype}",
                expected=f"{self._n_columns} contiguous float64 values, one a column of the booster",
                remedy="pass the row that `Scorer.score` gives",
            )
        _check(self._run(self._config, ctypes.c_void_p(row.ctypes.data), self._n_written, self._result_at))
        return float(self._result.value)


def _library() -> ctypes.CDLL:
    from lightgbm.libpath import _LIB

    library: ctypes.CDLL = _LIB
    return library


def _check(code: int) -> None:
    if code != 0:
        library = _library()
        library.LGBM_GetLastError.restype = ctypes.c_char_p
        raise ModelError(
            f"a booster that cannot score a row ({library.LGBM_GetLastError().decode(errors='replace')})",
            expected="a booster in LightGBM's text format, of one output",
            remedy="fetch the model from the registry again",
        )
