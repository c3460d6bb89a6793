"""The whole published collections: fetched once, checked against their published checksums, kept in a cache."""

import errno
import gzip
import math
import os
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch

from .._names import shown
from ._points import Split, _require_count
from ._stored import _chosen

__all__ = ["cifar10", "cola", "mnist_whole", "sst2"]


class Archive(NamedTuple):
    """A published file. sha256: of the file as it is served. members: what it holds, and how many records each."""

    url: str
    sha256: str
    members: Mapping[str, int]

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


def _mnist(file, sha256, records):
    url = f"https://ossci-datasets.s3.amazonaws.com/mnist/{file}.gz"
    return Archive(url, sha256, {file: records})


# The checksums of all seven files are those that TensorFlow Datasets 4.9.10 publishes.
PUBLISHED: Mapping[str, tuple[Archive, ...]] = MappingProxyType(
    {
        "cifar10": (
            Archive(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                {
                    **{f"cifar-10-batches-bin/data_batch_{i}.bin": 10_000 for i in range(1, 6)},
                    "cifar-10-batches-bin/test_batch.bin": 10_000,
                },
            ),
        ),
        "mnist": (
            _mnist(
                "train-images-idx3-ubyte",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                60_000,
            ),
            _mnist(
                "train-labels-idx1-ubyte",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                60_000,
            ),
            _mnist(
                "t10k-images-idx3-ubyte",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                10_000,
            ),
            _mnist(
                "t10k-labels-idx1-ubyte",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                10_000,
            ),
        ),
        "sst2": (
            Archive(
                "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
                "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
                {"SST-2/train.tsv": 67_349},
            ),
        ),
        "cola": (
            Archive(
                "https://dl.fbaipublicfiles.com/glue/data/CoLA.zip",
                "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff",
                {"CoLA/train.tsv": 8_551},
            ),
        ),
    }
)


def cifar10(
    n: int | None = None,
    *,
    test: int | None = None,
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    flat: bool = False,
) -> Split:
    """`n` of the 50,000 training and `test` of the 10,000 test pictures of CIFAR-10 {cite}`krizhevsky2009`.

    Left out, a number means all, in the order of the files; otherwise the seed draws which. x: float32, shape
    (pictures, 3, 32, 32), red, green, blue, -1 to 1, or flat, shape (pictures, 3072). y: int64, 0 to 9: airplane,
    automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    folder: where the published files lie already, unpacked or not (the binary version, `cifar-10-binary.tar.gz`):
    they are checked for their form. Without it they are fetched into a cache (`ACTLAB_DATA`, or else the system's
    folder for caches) and kept only if their checksum is the published one.

    Raises ConnectionError if they can't be fetched, OSError if they can't be kept, FileNotFoundError if the folder
    lacks one, and ValueError, by name, for a file that is not the published one, for more pictures than there are, or
    without pooch.
    """
    *batches, tests = (_batch(*file) for file in _files("cifar10", folder))
    train = tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))
    return _pictures(train, tests, n, test, seed, flat)


def mnist_whole(
    n: int | None = None,
    *,
    test: int | None = None,
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    flat: bool = False,
) -> Split:
    """`n` of the 60,000 training and `test` of the 10,000 test digits of MNIST {cite}`lecun1998mnist`.

    x: float32, shape (digits, 1, 28, 28), -1 for paper and 1 for ink, or flat, as in `mnist`. y: int64, 0 to 9.
    Numbers, seed, folder, cache and errors are those of `cifar10`; the files are the four of the idx format.
    """
    images, labels, test_images, test_labels = _files("mnist", folder)
    train = _idx(*images, 1, 28, 28), _labels(_idx(*labels), labels[0])
    tests = _idx(*test_images, 1, 28, 28), _labels(_idx(*test_labels), test_labels[0])
    return _pictures(train, tests, n, test, seed, flat)


def sst2(n: int | None = None, *, test: int = 1000, seed: int = 0, folder: str | os.PathLike | None = None) -> Split:
    """`n` training and `test` test phrases of SST-2, as GLUE publishes it {cite}`socher2013,wang2019`.

    GLUE's own test phrases have no labels, so both are drawn by the seed from its 67,349 training phrases; without
    `n`, all that are not test phrases are for training. A phrase that comes twice counts once, with its later
    label. Most are parts of longer ones that are in the file too: a test phrase may lie inside a training sentence,
    and accuracy on it is no accuracy on sentences of films that were not seen.

    x: tuples of strings. y: float32, 1 for positive, 0 for negative. Folder (with `SST-2.zip`, or `train.tsv`),
    cache and errors are those of `cifar10`.
    """
    ((name, content, count),) = _files("sst2", folder)
    lines = _lines(name, content)
    if lines[0] != "sentence\tlabel":
        raise ValueError(f"{name} does not begin with the line 'sentence<tab>label': {_NOT_PUBLISHED}")
    return _sentences(name, lines[1:], count, 2, 0, 1, n, test, seed)


def cola(n: int | None = None, *, test: int = 1000, seed: int = 0, folder: str | os.PathLike | None = None) -> Split:
    """`n` training and `test` test sentences of CoLA, as GLUE publishes it {cite}`warstadt2019,wang2019`.

    x: tuples of sentences. y: float32, 1 where linguists call the sentence acceptable, 0 where not. Both are drawn
    by the seed from the 8,551 training sentences, as in `sst2`, and a sentence that comes twice counts once. Folder
    (with `CoLA.zip`, or `train.tsv`), cache and errors are those of `cifar10`.
    """
    ((name, content, count),) = _files("cola", folder)
    return _sentences(name, _lines(name, content), count, 4, 3, 1, n, test, seed)


_NOT_PUBLISHED = "it is not the published file"


def _pictures(train, tests, n, test, seed, flat):
    generator = torch.Generator().manual_seed(seed)
    drawn = []
    for (images, labels), number, what in [(train, n, "training"), (tests, test, "test")]:
        order = torch.randperm(len(labels), generator=generator).numpy()  # drawn even where all are asked for
        if number is not None:
            _require_count(**{"n" if what == "training" else "test": number})
            if number > len(labels):
                raise ValueError(f"there are {len(labels)} {what} pictures; got {number}")
            images, labels = images[order[:number]], labels[order[:number]]
        x = torch.from_numpy(images.astype(np.float32)).div_(127.5).sub_(1)
        drawn += [x.flatten(1) if flat else x, torch.from_numpy(labels.astype(np.int64))]
    return Split(*drawn)


def _batch(name, content, count):
    """uint8, (count, 3, 32, 32), and labels, (count,): a record is a label and the planes red, green, blue."""
    if len(content) != count * 3073:
        raise ValueError(f"{name} has {len(content):,} bytes, not {count * 3073:,}: {_NOT_PUBLISHED}")
    records = np.frombuffer(content, np.uint8).reshape(count, 3073)
    return records[:, 1:].reshape(count, 3, 32, 32), _labels(records[:, 0], name)


def _idx(name, content, count, *shape):
    """uint8, (count, *shape); the file itself knows no channels, so that a 1 in the shape is not in its header."""
    there = (count, *(size for size in shape if size > 1))
    header = struct.pack(f">{1 + len(there)}I", 0x800 + len(there), *there)
    if content[: len(header)] != header:
        raise ValueError(f"{name} does not begin as an idx file of {' x '.join(map(str, there))} bytes does")
    size = len(header) + math.prod(there)
    if len(content) != size:
        raise ValueError(f"{name} has {len(content):,} bytes, not {size:,}: {_NOT_PUBLISHED}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(count, *shape)


def _labels(labels, name):
    if labels.max() > 9:
        raise ValueError(f"{name} has a label {labels.max()}, and there are ten classes, 0 to 9: {_NOT_PUBLISHED}")
    return labels


def _lines(name, content):
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is no text in UTF-8: {_NOT_PUBLISHED}") from error
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")  # splitlines would cut at further signs


def _sentences(name, lines, count, columns, sentence, label, n, test, seed):
    if len(lines) != count:
        raise ValueError(f"{name} has {len(lines):,} sentences, not {count:,}: {_NOT_PUBLISHED}")
    labelled = {}
    for line in lines:
        fields = line.split("\t")
        if len(fields) != columns or fields[label] not in ("0", "1") or not fields[sentence].strip():
            raise ValueError(f"{name} has a line that is no sentence with a label 0 or 1: {line[:80]!r}")
        labelled[fields[sentence].strip()] = float(fields[label])
    _require_count(test=test)
    if n is None and test >= len(labelled):
        raise ValueError(f"there are {len(labelled)} sentences, and some are for training; got test={test}")
    n = len(labelled) - test if n is None else n
    chosen = _chosen(len(labelled), "sentences", n, test, seed)
    texts, labels = tuple(labelled), torch.tensor(list(labelled.values()))[chosen]
    x = tuple(texts[i] for i in chosen.tolist())
    return Split(x[:n], labels[:n], x[n:], labels[n:])


def _files(name, folder):
    """(name, content, records) of each file of a collection, in the order of the table."""
    found = []
    for archive in PUBLISHED[name]:
        contents = _unpacked(_fetched(archive), archive) if folder is None else _placed(Path(folder), archive)
        found += [(member, contents[member], count) for member, count in archive.members.items()]
    return found


def _placed(folder, archive):
    places = {m: [p for p in (folder / m, folder / Path(m).name) if p.is_file()] for m in archive.members}
    if all(places.values()):
        return {member: places[member][0].read_bytes() for member in places}
    if (folder / archive.file).is_file():
        return _unpacked(folder / archive.file, archive)
    lacks = ", ".join(member for member in places if not places[member])
    raise FileNotFoundError(f"{folder} holds neither {archive.file} nor all that is in it; it lacks {lacks}")


# Bytes that a record may take, on the average of a file: more than any of these collections needs. An archive that
# is no published one may unfold to more than the memory holds.
MOST = 4096


def _unpacked(path, archive):
    """The content of each member, read in memory: nothing of an archive is written anywhere."""
    try:
        with ExitStack() as opened:
            if path.name.endswith(".tar.gz"):
                packed = opened.enter_context(gzip.open(path))
                file = opened.enter_context(tarfile.open(fileobj=packed, mode="r:"))
                members = {m: file.extractfile(file.getmember(m)) for m in archive.members}
            elif path.suffix == ".zip":
                file = opened.enter_context(zipfile.ZipFile(path))
                members = {m: opened.enter_context(file.open(m)) for m in archive.members}
            else:
                (member,) = archive.members
                members = {member: opened.enter_context(gzip.open(path))}
            contents = {m: members[m].read(MOST * count + 1) for m, count in archive.members.items()}
            while path.name.endswith(".tar.gz") and packed.read(1 << 20):
                pass  # its checksum stands at the end, where a tar's reader need not come
    except (KeyError, AttributeError) as error:  # AttributeError: a folder or a device has no content
        raise ValueError(f"{path} lacks one of {', '.join(archive.members)}: {_NOT_PUBLISHED}") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # EINVAL: a place before the start
            raise  # the file itself cannot be read
        # The libraries raise what comes: RuntimeError for a password, NotImplementedError for a compression that
        # they do not know, and for damaged bytes the errors of each of their parts.
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} is damaged or no archive ({shown(said)}): {_NOT_PUBLISHED}") from error
    for member, content in contents.items():
        if len(content) > MOST * archive.members[member]:
            raise ValueError(
                f"{member} in {path} is too large for {archive.members[member]:,} records: {_NOT_PUBLISHED}"
            )
    return contents


def _fetched(archive):
    """The file in the cache, fetched if it is not there or is not the published one any more."""
    try:
        import pooch
        from requests import RequestException
    except ImportError as error:
        raise ValueError("fetching data needs the extra download: pip install 'actlab[download]'") from error
    cache = Path(os.environ.get("ACTLAB_DATA") or pooch.os_cache("actlab"))
    # a server that announces a packed file as packed would have it unpacked on the way, and the checksum wrong
    downloader = pooch.HTTPDownloader(progressbar=True, headers={"Accept-Encoding": "identity"})
    try:
        pooch.retrieve(archive.url, f"sha256:{archive.sha256}", archive.file, cache, downloader=downloader)
    except (RequestException, ConnectionError, TimeoutError) as error:
        raise ConnectionError(
            f"{archive.url} could not be fetched into {cache} ({type(error).__name__}); with the file in a folder of "
            f"yours, say folder=..."
        ) from error
    except OSError as error:  # a full disk, a folder that may not be written
        raise OSError(error.errno, f"{error.strerror}: {archive.file} cannot be kept in {cache}") from error
    except ValueError as error:  # pooch has thrown the file away
        raise ValueError(
            f"what {archive.url} serves is not the published file (its sha256 is another); nothing was kept"
        ) from error
    return cache / archive.file
