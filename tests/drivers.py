"""Firefox and WebKit without a display, driven by what each of them brings: Marionette, and WebDriver over HTTP.

Both know the commands of WebDriver and differ in the way to them. Playwright drives only builds of its own, and
Selenium needs for Firefox a geckodriver, which Debian does not have.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # by this key WebDriver's answers name an element
PATHS = {
    "NewSession": "", "Navigate": "/url", "SwitchToFrame": "/frame", "SetWindowRect": "/window/rect",
    "SetTimeouts": "/timeouts", "ExecuteAsyncScript": "/execute/async", "PerformActions": "/actions",
    "ElementClick": "/element/{id}/click",
}  # fmt: skip
# (WebKit's driver finds no element that lies deeper than in the list of arguments)
SCRIPT = """const values = [...arguments], done = values.pop();
Promise.resolve().then(() => (%s)(...values))
    .then(value => done({value}), error => done({error: `${error} ${error?.stack ?? ""}`}));"""

Send = Callable[..., Any]  # a command's name and what it takes in, what it answers out


class Browser:
    """A window that shows one page, and does what a reader does with it."""

    def __init__(self, send: Send):
        self._send = send
        send("NewSession", capabilities={"alwaysMatch": {}})
        send("SetTimeouts", script=120_000)
        send("SetWindowRect", width=1300, height=1000)

    def open(self, address: str) -> None:
        """Leads to a page that holds another one in a frame, and stays in the frame when both are loaded."""
        self._send("Navigate", url=address)
        self._send("SwitchToFrame", id=0)

    def run(self, function: str, *values: Any) -> Any:
        """What the JavaScript function returns, once it is there; elements go in and come out as they are."""
        answer = self._send("ExecuteAsyncScript", script=SCRIPT % function, args=list(values))
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def wait(self, condition: str, *values: Any, seconds: float = 30) -> bool:
        """Whether the JavaScript function comes to return what is true."""
        return _soon(lambda: self.run(condition, *values), seconds)

    def click(self, element: dict) -> None:
        # what comes on the screen is drawn only then, and may move
        self.run("element => element.scrollIntoView({block: 'center'})", element)
        self.run("() => new Promise(done => setTimeout(done, 200))")
        self._send("ElementClick", id=element[ELEMENT])

    def press(self, element: dict, key: str) -> None:
        self.run("element => element.focus()", element)
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._send("PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": keys}])


@contextmanager
def firefox() -> Iterator[Browser]:
    program = shutil.which("firefox-esr") or _found("firefox")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        # 0: it takes a free port, and writes which
        Path(home, "user.js").write_text('user_pref("marionette.port", 0);\n', encoding="utf-8")
        with _running(program, "--headless", "--marionette", "--no-remote", "--profile", home, HOME=home):
            port = Path(home, "MarionetteActivePort")
            assert _soon(lambda: port.is_file() and port.read_text(encoding="utf-8"), 60), "Firefox did not start"
            with (
                socket.create_connection(("127.0.0.1", int(port.read_text(encoding="utf-8"))), 150) as line,
                line.makefile("rb") as said,
            ):

                def read():
                    length = b"".join(iter(lambda: said.read(1), b":"))
                    return json.loads(said.read(int(length)))

                def send(name, **values):
                    message = json.dumps([0, 1, f"WebDriver:{name}", values]).encode()
                    line.sendall(b"%d:%b" % (len(message), message))
                    _, _, error, answer = read()
                    assert error is None, f"{name}: {error['error']}: {error['message']}"
                    return answer.get("value", answer)

                read()  # its greeting
                yield Browser(send)


@contextmanager
def webkit() -> Iterator[Browser]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, _screen() as display:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        driver, session = f"http://127.0.0.1:{port}", ["/session"]
        settings = {"HOME": home, "DISPLAY": display, "GDK_BACKEND": "x11"}
        with _running(_found("WebKitWebDriver"), f"--port={port}", **settings):

            def send(name, **values):
                path = PATHS[name].format(id=values.pop("id", None)) if "{id}" in PATHS[name] else PATHS[name]
                request = urllib.request.Request(f"{driver}{session[0]}{path}", json.dumps(values).encode())
                try:
                    with urllib.request.urlopen(request, timeout=150) as answer:
                        value = json.load(answer)["value"]
                except urllib.error.HTTPError as error:
                    raise AssertionError(f"{name}: {error.read().decode()}") from None
                if name == "NewSession":
                    session[0] += "/" + value["sessionId"]
                return value

            assert _soon(lambda: _listens(port), 30), "WebKit's driver did not start"
            yield Browser(send)


@contextmanager
def _screen():
    """What an X server draws on nothing: MiniBrowser, which WebKit's driver starts, wants a display."""
    mine, its = os.pipe()
    with _running(_found("Xvfb"), "-displayfd", str(its), "-screen", "0", "1400x1100x24", pass_fds=[its]):
        os.close(its)
        with os.fdopen(mine, encoding="utf-8") as pipe:
            yield f":{pipe.readline().strip()}"


class Missing(Exception):
    """A program is not installed."""


def _found(program):
    if not (path := shutil.which(program)):
        raise Missing(program)
    return path


@contextmanager
def _running(*command, pass_fds=(), **settings):
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=os.environ | settings, pass_fds=pass_fds, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it has started others
        process.wait()


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _soon(condition, seconds):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(met)
