"""The whole collections: small files of their formats, served on loopback, and what is done with wrong ones."""

import builtins
import gzip
import hashlib
import http.server
import io
import socket
import struct
import tarfile
import threading
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from actlab.data import _downloads as downloads

BINS = [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)] + ["cifar-10-batches-bin/test_batch.bin"]
IDX = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
PICTURES, DIGITS, SENTENCES = 12, {"train": 40, "t10k": 15}, 30
LOADERS = {
    "cifar10": downloads.cifar10,
    "mnist": downloads.mnist_whole,
    "sst2": downloads.sst2,
    "cola": downloads.cola,
}


def cifar_files():
    draw = np.random.default_rng(0)
    records = draw.integers(0, 256, (len(BINS), PICTURES, 3073), dtype=np.uint8)
    records[:, :, 0] %= 10
    return {name: batch.tobytes() for name, batch in zip(BINS, records, strict=True)}


def idx(array):
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def mnist_files():
    draw = np.random.default_rng(1)
    files = {}
    for part, count in DIGITS.items():
        files[f"{part}-images-idx3-ubyte"] = idx(draw.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        files[f"{part}-labels-idx1-ubyte"] = idx(draw.integers(0, 10, count, dtype=np.uint8))
    return files


def glue_files():
    sst2 = ["sentence\tlabel"] + [f"phrase {i} , it is \t{i % 2}" for i in range(SENTENCES)]
    cola = [f"gj04\t{i % 2}\t{'' if i % 2 else '*'}\tSentence {i} is." for i in range(SENTENCES)]
    return {"SST-2/train.tsv": "\n".join(sst2) + "\n", "CoLA/train.tsv": "\n".join(cola) + "\n"}


def tarred(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


class Server(http.server.ThreadingHTTPServer):
    """Serves what is in `files`; `asked` are the paths in the order in which they were asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.cut = {}, [], None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/")
        self.server.asked.append(name)
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: self.server.cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The four collections in small, served on loopback, with a cache of their own."""
    monkeypatch.setenv("ACTLAB_DATA", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    mnist, glue = mnist_files(), glue_files()
    with Server() as server:
        server.files = {
            "cifar-10-binary.tar.gz": tarred(cifar_files()),
            **{f"{name}.gz": gzip.compress(mnist[name]) for name in IDX},
            "SST-2.zip": zipped({"SST-2/train.tsv": glue["SST-2/train.tsv"]}),
            "CoLA.zip": zipped({"CoLA/train.tsv": glue["CoLA/train.tsv"]}),
        }
        address = f"http://127.0.0.1:{server.server_port}"

        def archive(file, members):
            return downloads.Archive(f"{address}/{file}", hashlib.sha256(server.files[file]).hexdigest(), members)

        table = {
            "cifar10": (archive("cifar-10-binary.tar.gz", dict.fromkeys(BINS, PICTURES)),),
            "mnist": tuple(archive(f"{name}.gz", {name: DIGITS[name.partition("-")[0]]}) for name in IDX),
            "sst2": (archive("SST-2.zip", {"SST-2/train.tsv": SENTENCES}),),
            "cola": (archive("CoLA.zip", {"CoLA/train.tsv": SENTENCES}),),
        }
        monkeypatch.setattr(downloads, "PUBLISHED", table)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield SimpleNamespace(server=server, cache=tmp_path / "cache", folder=tmp_path / "mine", table=table)
        server.shutdown()
        thread.join()


def load(name, **further):
    if name in ("sst2", "cola"):
        further = {"test": 5, **further}
    return LOADERS[name](**further)


def same(a, b):
    return all(torch.equal(x, y) if isinstance(x, torch.Tensor) else x == y for x, y in zip(a, b, strict=True))


def test_the_table_names_the_published_files():
    published = {archive.file: archive for archives in downloads.PUBLISHED.values() for archive in archives}
    assert set(published) == {"cifar-10-binary.tar.gz", *(f"{name}.gz" for name in IDX), "SST-2.zip", "CoLA.zip"}
    assert all(archive.url.startswith("https://") for archive in published.values())
    assert len({archive.sha256 for archive in published.values()}) == len(published)
    assert all(len(bytes.fromhex(archive.sha256)) == 32 for archive in published.values())


def test_the_pictures_of_cifar_are_its_records(place):
    split = downloads.cifar10()
    assert split.train_x.shape == (5 * PICTURES, 3, 32, 32) and split.test_x.shape == (PICTURES, 3, 32, 32)
    assert split.train_x.dtype == torch.float32 and split.train_y.dtype == torch.int64
    files = cifar_files()
    for x, y, names in [(split.train_x, split.train_y, BINS[:5]), (split.test_x, split.test_y, BINS[5:])]:
        whole = b"".join(files[name] for name in names)
        assert y.tolist() == list(whole[::3073])
        k, channel, row, column = 7, 2, 5, 11  # blue, third of the planes
        byte = whole[3073 * k + 1 + 1024 * channel + 32 * row + column]
        assert x[k, channel, row, column].item() == pytest.approx(byte / 127.5 - 1, abs=1e-6)
    assert split.train_x.min() == -1 and split.train_x.max() == 1


def test_the_digits_are_those_of_the_idx_files(place):
    split = downloads.mnist_whole()
    assert split.train_x.shape == (40, 1, 28, 28) and split.test_x.shape == (15, 1, 28, 28)
    files = mnist_files()
    assert split.test_y.tolist() == list(files["t10k-labels-idx1-ubyte"][8:])
    pixel = files["train-images-idx3-ubyte"][16 + 784 * 3 + 28 * 4 + 9]
    assert split.train_x[3, 0, 4, 9].item() == pytest.approx(pixel / 127.5 - 1, abs=1e-6)


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
@pytest.mark.parametrize("how", [{}, {"n": 9, "test": 4, "seed": 3}], ids=["all", "some"])
def test_flat_pictures_are_the_same_in_rows(place, name, how):
    whole, flat = load(name, **how), load(name, flat=True, **how)
    assert torch.equal(flat.train_x, whole.train_x.flatten(1)) and torch.equal(flat.test_x, whole.test_x.flatten(1))
    assert flat.train_x.ndim == 2 and same(flat[1::2], whole[1::2])


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
def test_the_seed_draws_pictures_of_each_file(place, name):
    whole, some = load(name), load(name, n=9, test=4, seed=3)
    for x, y, all_x, all_y in [
        (some.train_x, some.train_y, whole.train_x, whole.train_y),
        (some.test_x, some.test_y, whole.test_x, whole.test_y),
    ]:
        places = [(all_x == picture).flatten(1).all(dim=1).nonzero().item() for picture in x]
        assert len(set(places)) == len(x) and all_y[places].tolist() == y.tolist()
    assert same(some, load(name, n=9, test=4, seed=3))
    assert not same(some, load(name, n=9, test=4, seed=4))
    with pytest.raises(ValueError, match=r"there are \d+ training pictures; got 1000"):
        load(name, n=1000)
    with pytest.raises(ValueError, match="test must be at least 1"):
        load(name, test=0)


@pytest.mark.parametrize("name", ["sst2", "cola"])
def test_sentences_for_training_and_test_are_drawn_from_those_with_labels(place, name):
    split = load(name)
    assert len(split.train_x) == len(split.train_y) == SENTENCES - 5 and len(split.test_x) == len(split.test_y) == 5
    assert not set(split.train_x) & set(split.test_x)
    for x, y in [(split.train_x, split.train_y), (split.test_x, split.test_y)]:
        assert y.dtype == torch.float32
        numbers = [int("".join(sign for sign in sentence if sign.isdigit())) for sentence in x]
        assert [number % 2 for number in numbers] == y.tolist()
        assert all(sentence == sentence.strip() for sentence in x)
    assert same(split, load(name)) and not same(split, load(name, seed=1))
    assert len(load(name, n=6).train_x) == 6
    with pytest.raises(ValueError, match=r"there are 30 sentences; got n=28 and test=5"):
        load(name, n=28)
    with pytest.raises(ValueError, match="test=30"):
        load(name, test=30)


def test_a_phrase_that_comes_twice_counts_once(place):
    place.folder.mkdir()
    lines = ["sentence\tlabel", *(f"phrase {i // 2} \t{i // 2 % 2}" for i in range(SENTENCES))]
    (place.folder / "train.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    split = load("sst2", folder=place.folder)
    assert len(split.train_x) == SENTENCES // 2 - 5
    assert len({*split.train_x, *split.test_x}) == SENTENCES // 2


@pytest.mark.parametrize("name", LOADERS)
def test_the_second_call_asks_nobody(place, name):
    first = load(name)
    asked = list(place.server.asked)
    assert asked == [archive.file for archive in place.table[name]]
    place.server.files = {}
    assert same(first, load(name))
    assert place.server.asked == asked


def test_drawing_leaves_the_global_generator_alone(place):
    before = torch.random.get_rng_state()
    for name in LOADERS:
        load(name, n=5, seed=2)
    assert torch.equal(before, torch.random.get_rng_state())


def altered(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("wrong", [altered, lambda content: content[: len(content) // 2]], ids=["altered", "short"])
def test_a_file_that_is_not_the_published_one_is_refused_by_name_and_not_kept(place, name, wrong):
    file = place.table[name][-1].file
    good = place.server.files[file]
    place.server.files[file] = wrong(good)
    with pytest.raises(ValueError, match=f"{file} serves is not the published file") as found:
        load(name)
    assert "\n" not in str(found.value)
    kept = {path.name for path in place.cache.iterdir()}
    assert kept == {archive.file for archive in place.table[name][:-1]}
    place.server.files[file] = good
    load(name)  # the next try is not harmed by the last


def test_a_connection_that_breaks_leaves_nothing(place):
    place.server.cut = 1000
    with pytest.raises((ConnectionError, ValueError), match=r"cifar-10-binary\.tar\.gz"):
        load("cifar10")
    assert not list(place.cache.iterdir())


def test_a_file_that_was_altered_in_the_cache_is_fetched_again(place):
    first = load("cola")
    path = place.cache / "CoLA.zip"
    path.write_bytes(altered(path.read_bytes()))
    assert same(first, load("cola"))
    assert place.server.asked == ["CoLA.zip", "CoLA.zip"]


def test_without_a_network_the_address_and_the_way_round_are_named(place):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # not listening: a connection is refused
        url = f"http://127.0.0.1:{free.getsockname()[1]}/CoLA.zip"
        place.table["cola"] = (downloads.Archive(url, "0" * 64, {"CoLA/train.tsv": 1}),)
        with pytest.raises(ConnectionError, match=f"{url} could not be fetched.*folder=") as found:
            load("cola")
    assert "\n" not in str(found.value)


def test_a_file_that_is_gone_from_its_address_is_said_to_be(place):
    place.server.files = {}
    with pytest.raises(ConnectionError, match=r"SST-2\.zip could not be fetched.*HTTPError"):
        load("sst2")


def test_a_missing_extra_is_one_line_and_files_at_hand_need_none(place, monkeypatch):
    place.folder.mkdir()
    (place.folder / "CoLA.zip").write_bytes(place.server.files["CoLA.zip"])
    genuine = builtins.__import__

    def without_pooch(name, *rest):
        if name == "pooch":
            raise ImportError("No module named 'pooch'")
        return genuine(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_pooch)
    with pytest.raises(ValueError, match=r"pip install 'actlab\[download\]'$"):
        load("cola")
    assert len(load("cola", folder=place.folder).test_x) == 5


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("form", ["archives", "unpacked", "flat"])
def test_files_at_hand_are_read_in_any_form(place, name, form):
    fetched = load(name)
    place.folder.mkdir()
    files = {**cifar_files(), **mnist_files(), **{k: v.encode() for k, v in glue_files().items()}}
    for archive in place.table[name]:
        if form == "archives":
            (place.folder / archive.file).write_bytes(place.server.files[archive.file])
            continue
        for member in archive.members:
            path = place.folder / (member.rpartition("/")[2] if form == "flat" else member)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(files[member])
    place.server.asked.clear()
    assert same(fetched, load(name, folder=place.folder))
    assert not place.server.asked


def test_a_folder_that_lacks_a_file_is_told_which(place):
    place.folder.mkdir()
    for name, content in cifar_files().items():
        (place.folder / name.rpartition("/")[2]).write_bytes(content)
    (place.folder / "data_batch_3.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"neither cifar-10-binary\.tar\.gz .* lacks .*data_batch_3\.bin$"):
        load("cifar10", folder=place.folder)


def eleven(content):
    return bytes([10]) + content[1:]


WRONG = {
    "a record cut off": ("cifar10", BINS[2], lambda c: c[:-1], r"data_batch_3\.bin has 36,875 bytes, not 36,876"),
    "an eleventh class": ("cifar10", BINS[5], eleven, r"test_batch\.bin has a label 10"),
    "a digit cut off": ("mnist", IDX[2], lambda c: c[:-784], r"t10k-images-idx3-ubyte has .* bytes"),
    "labels for images": (
        "mnist",
        IDX[0],
        lambda c: mnist_files()[IDX[1]],
        r"train-images-idx3-ubyte does not begin",
    ),
    "a label of 255": ("mnist", IDX[3], lambda c: c[:-1] + b"\xff", r"t10k-labels-idx1-ubyte has a label 255"),
    "a line too few": ("sst2", "SST-2/train.tsv", lambda c: c[: c.rindex(b"\n", 0, -1)], r"29 sentences, not 30"),
    "no header": ("sst2", "SST-2/train.tsv", lambda c: c[c.index(b"\n") + 1 :], r"does not begin with the line"),
    "a label of 2": (
        "cola",
        "CoLA/train.tsv",
        lambda c: c.replace(b"\t1\t", b"\t2\t", 1),
        r"no sentence with a label",
    ),
    "no text": ("cola", "CoLA/train.tsv", lambda c: b"\xff\xfe" + c, r"CoLA/train\.tsv is no text in UTF-8"),
}


@pytest.mark.parametrize(("name", "file", "harm", "said"), WRONG.values(), ids=WRONG)
def test_a_file_at_hand_of_another_form_is_refused_by_name(place, name, file, harm, said):
    files = {**cifar_files(), **mnist_files(), **{k: v.encode() for k, v in glue_files().items()}}
    files[file] = harm(files[file])
    place.folder.mkdir()
    for archive in place.table[name]:
        for member in archive.members:
            path = place.folder / member
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(files[member])
    with pytest.raises(ValueError, match=said) as found:
        load(name, folder=place.folder)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("harm", [lambda c: c[: len(c) // 2], lambda c: b"<html>" + c], ids=["cut", "a page"])
def test_a_damaged_archive_at_hand_is_refused_by_name(place, name, harm):
    place.folder.mkdir()
    for archive in place.table[name]:
        (place.folder / archive.file).write_bytes(place.server.files[archive.file])
    file = place.table[name][0].file
    content = harm(place.server.files[file])
    if file.endswith(".zip") and content.startswith(b"<html>"):
        content = b"<html></html>"  # a zip is read from its end, and may begin with anything
    (place.folder / file).write_bytes(content)
    with pytest.raises(ValueError, match=f"{file} is damaged or no archive") as found:
        load(name, folder=place.folder)
    assert "\n" not in str(found.value)


def test_an_archive_without_the_file_is_refused_by_name(place):
    place.folder.mkdir()
    (place.folder / "cifar-10-binary.tar.gz").write_bytes(tarred({BINS[0]: cifar_files()[BINS[0]]}))
    (place.folder / "SST-2.zip").write_bytes(zipped({"SST-2/dev.tsv": "sentence\tlabel\n"}))
    for name, file in [("cifar10", "cifar-10-binary.tar.gz"), ("sst2", "SST-2.zip")]:
        with pytest.raises(ValueError, match=f"{file} lacks one of"):
            load(name, folder=place.folder)


def encrypted(content):
    """The zip with the mark of a password on its file, in both places where it stands."""
    content = bytearray(content)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + place] |= 1
    return bytes(content)


def packed_by(method):
    def change(content):
        content = bytearray(content)
        for sign, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            content[content.index(sign) + place] = method
        return bytes(content)

    return change


@pytest.mark.parametrize("name", ["sst2", "cola"])
@pytest.mark.parametrize(
    "harm, said",
    [
        (encrypted, "password"),
        (packed_by(97), "compression"),
        (packed_by(12), "Invalid data stream"),
        (packed_by(14), "."),
    ],
    ids=["encrypted", "an unknown compression", "no bzip2", "no lzma"],
)
def test_a_zip_that_cannot_be_opened_is_refused_by_name(place, name, harm, said):
    place.folder.mkdir()
    file = place.table[name][0].file
    (place.folder / file).write_bytes(harm(place.server.files[file]))
    with pytest.raises(ValueError, match=f"{file} is damaged or no archive .*{said}") as found:
        load(name, folder=place.folder)
    assert "\n" not in str(found.value)


def test_the_checksum_inside_an_archive_is_read(place):
    place.folder.mkdir()
    content = bytearray(tarred(cifar_files()))
    content[-6] ^= 1  # of the checksum that ends a gzip file
    (place.folder / "cifar-10-binary.tar.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz is damaged or no archive \(CRC check failed"):
        load("cifar10", folder=place.folder)


def test_an_archive_that_unfolds_to_more_than_its_records_take_is_not_read_to_its_end(place):
    place.folder.mkdir()
    bomb = b"x" * 500 * downloads.MOST * SENTENCES
    with zipfile.ZipFile(place.folder / "CoLA.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("CoLA/train.tsv", bomb)
    for name in IDX:
        (place.folder / f"{name}.gz").write_bytes(gzip.compress(bomb, 1))
    for name, file in [("cola", r"CoLA/train\.tsv in .*CoLA\.zip"), ("mnist", f"{IDX[0]} in .*")]:
        tracemalloc.start()
        with pytest.raises(ValueError, match=f"{file} is too large for") as found:
            load(name, folder=place.folder)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "\n" not in str(found.value) and most < len(bomb) / 4


def test_a_cache_that_cannot_be_written_is_no_fault_of_the_connection(place):
    place.cache.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(OSError, match=r"CoLA\.zip cannot be kept in .*cache") as found:
        load("cola")
    assert not isinstance(found.value, ConnectionError) and "\n" not in str(found.value)


def test_an_archive_that_points_outside_writes_nothing(place):
    packed = io.BytesIO()
    files = {"../outside.bin": b"evil", "/outside.bin": b"evil", **cifar_files()}
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    place.folder.mkdir()
    (place.folder / "cifar-10-binary.tar.gz").write_bytes(packed.getvalue())
    (place.folder / "SST-2.zip").write_bytes(zipped({"../outside.tsv": "evil", **glue_files()}))
    before = sorted(place.folder.parent.rglob("*"))
    for name in ("cifar10", "sst2"):
        load(name, folder=place.folder)
    assert sorted(place.folder.parent.rglob("*")) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_a_member_that_is_a_link_to_a_file_outside_is_not_followed(place, kind):
    secret = place.folder.parent / "secret"
    secret.write_bytes(cifar_files()[BINS[0]])
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in cifar_files().items():
            entry = tarfile.TarInfo(name)
            if name == BINS[0]:
                entry.type, entry.linkname = kind, str(secret)
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    place.folder.mkdir()
    (place.folder / "cifar-10-binary.tar.gz").write_bytes(packed.getvalue())
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz lacks one of"):
        load("cifar10", folder=place.folder)
