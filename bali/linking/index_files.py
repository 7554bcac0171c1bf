"""The linker's index on disk: a database folder, and a manifest that says what it was built from and what it must be.

A database is opened only when every file in it has the digest that the manifest of this run names: QuickUMLS's holds
pickles of the package, and reading a pickle runs what is in it; a changed number in the fast back end's arrays would
give other links.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bali.errors import ArtefactError
from bali.io.files import digest_file, read_json
from bali.io.seals import digest_folder, write_record
from bali.vocabulary import LinkingBackend

DATABASE = "database"
PACKAGE: Final = "quickumls"
FAST: Final = "fast"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What an index is.

    Attributes:
        backend: the back end and the version that wrote the database, e.g. "quickumls 1.4.2".
        inputs: artefact name -> SHA-256 of what the database was built from.
        lowercase: the dictionary is lower-cased.
        normalize_unicode: the dictionary is in ASCII.
        files: path in the database folder -> SHA-256.
    """

    backend: str
    inputs: dict[str, str]
    lowercase: bool
    normalize_unicode: bool
    files: dict[str, str]


def write_manifest(index_dir: Path, manifest: Manifest) -> None:
    """Write the manifest; the last step of building an index."""
    write_record(index_dir / MANIFEST, asdict(manifest))


def verify_index(index_dir: Path, backend: LinkingBackend) -> Manifest:
    """Check that an index is one of a back end, and its files against the manifest.

    Raises:
        ArtefactError: the manifest is missing, damaged, or of another back end; a file is missing, changed or not in
            the manifest.
    """
    path = index_dir / MANIFEST
    value = read_json(path)
    try:
        manifest = Manifest(**value)
        if not isinstance(manifest.backend, str) or not all(map(_is_strings, (manifest.inputs, manifest.files))):
            raise TypeError
    except TypeError:
        raise ArtefactError(f"{path}: expected the manifest of a linker index. Run build-linker-index again.") from None
    if manifest.backend.split(" ")[0] != backend:
        raise ArtefactError(
            f"{index_dir}: expected an index of the back end {backend}, found one of {manifest.backend}."
            " Run build-linker-index again, or set linking.backend."
        )
    database = index_dir / DATABASE
    differing = sorted(set(manifest.files.items()) ^ set(digest_folder(database).items()))
    if differing:
        raise ArtefactError(
            f"{database / differing[0][0]}: expected the file that {MANIFEST} names, found another or none."
            " A changed database is not opened; delete the folder and run build-linker-index again."
        )
    return manifest


def _is_strings(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def check_inputs(index_dir: Path, manifest: Manifest, inputs: dict[str, Path]) -> None:
    """Check that the index was built from the files that now stand there.

    Args:
        index_dir: folder of the index.
        manifest: its manifest.
        inputs: artefact name -> file.

    Raises:
        ArtefactError: it was built from others.
    """
    for name, path in sorted(inputs.items()):
        if manifest.inputs.get(name) != digest_file(path):
            raise ArtefactError(
                f"{index_dir}: expected an index of {path}, found one of another file. Run build-linker-index again."
            )
