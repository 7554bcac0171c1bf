"""The linker's index on disk: a database folder, and a manifest that says what it was built from and what it must be.

The database holds pickles of the package that wrote it. Reading a pickle runs what is in it, so a database is opened
only when every file in it has the digest that the manifest of this run names.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from bali.errors import ArtefactError
from bali.io.files import digest_file, read_json, write_json

DATABASE = "quickumls"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What an index is.

    Attributes:
        backend: the package and version that wrote the database.
        inputs: artefact name -> SHA-256 of what the database was built from.
        lowercase: the dictionary is lower-cased.
        files: path in the database folder -> SHA-256.
    """

    backend: str
    inputs: dict[str, str]
    lowercase: bool
    files: dict[str, str]


def digest_folder(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files}


def write_manifest(index_dir: Path, manifest: Manifest) -> None:
    """Write the manifest; the last step of building an index."""
    write_json(index_dir / MANIFEST, asdict(manifest))


def verify_index(index_dir: Path) -> Manifest:
    """Check every file of the database against the manifest.

    Raises:
        ArtefactError: the manifest is missing or damaged, or a file is missing, changed or not in the manifest.
    """
    path = index_dir / MANIFEST
    value = read_json(path)
    try:
        manifest = Manifest(**value)
    except TypeError:
        raise ArtefactError(f"{path}: expected the manifest of a linker index. Run build-linker-index again.") from None
    found = digest_folder(index_dir / DATABASE)
    differing = sorted(set(manifest.files.items()) ^ set(found.items()))
    if differing:
        raise ArtefactError(
            f"{index_dir / DATABASE / differing[0][0]}: expected the file that {MANIFEST} names, found another or none."
            " A changed database is not opened; delete the folder and run build-linker-index again."
        )
    return manifest


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
