"""Imports the package quickumls 1.4.2, also where two of its dependencies are not to be had.

From Python 3.12 on `leveldb` does not build (quickumls imports it, but uses it only for databases that we do not make)
and the standard library has no `imp`, which quickumls-simstring's loader asks for. Empty stand-ins serve both: the
environment installs quickumls without its dependencies' own wishes (requirements/quickumls.txt).
"""

import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path
from types import ModuleType


def _stand_in_for_leveldb() -> None:
    if importlib.util.find_spec("leveldb") is None:
        sys.modules["leveldb"] = ModuleType("leveldb")


def _stand_in_for_imp() -> None:
    """Load simstring's extension under the name that its loader falls back to, and let `imp` find nothing."""
    if importlib.util.find_spec("imp") is not None:
        return
    package = importlib.util.find_spec("quickumls_simstring")
    assert package is not None, "quickumls-simstring is installed"
    assert package.submodule_search_locations, "quickumls_simstring is a package"
    folder = Path(package.submodule_search_locations[0])
    path = next(file for suffix in EXTENSION_SUFFIXES for file in folder.glob(f"_simstring*{suffix}"))
    loader = ExtensionFileLoader("_simstring", str(path))
    spec = importlib.util.spec_from_loader("_simstring", loader)
    assert spec is not None
    sys.modules["_simstring"] = importlib.util.module_from_spec(spec)
    loader.exec_module(sys.modules["_simstring"])
    sys.modules["imp"] = _Imp("imp")


class _Imp(ModuleType):
    def find_module(self, name: str, path: object = None) -> None:
        """As the old `imp.find_module` where it finds nothing."""
        raise ImportError(name)


_stand_in_for_leveldb()
_stand_in_for_imp()

from quickumls import QuickUMLS  # noqa: E402 (after the stand-ins)
from quickumls.constants import ACCEPTED_SEMTYPES  # noqa: E402
from quickumls.install import parse_and_encode_ngrams  # noqa: E402
from quickumls.toolbox import make_ngrams  # noqa: E402

__all__ = ["ACCEPTED_SEMTYPES", "QuickUMLS", "make_ngrams", "parse_and_encode_ngrams"]
