"""Kernels that are copies of one process: each is alone, begins as a kernel of its own does, and ends."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner
from site_checks import ROOT

sys.path.append(str(ROOT / "_ext"))
from kernels import THERE, Kernels, _Process

pytestmark = pytest.mark.skipif(not THERE, reason="kernels are not copied on this system")
PLACE = "import matplotlib, sys, torch; print(sys.path, torch.get_num_threads(), matplotlib.get_backend())"


@pytest.fixture(scope="module")
def kernels():
    with Kernels({"LIKE": "this"}) as kernels:
        yield kernels


@contextmanager
def started(manager, folder=ROOT):
    manager.start_kernel(cwd=folder)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def copied(kernels, folder=ROOT):
    return started(kernels.managed(KernelManager()), folder)


def printed(client, code):
    texts = []
    client.execute_interactive(code, timeout=60, output_hook=lambda message: texts.append(message["content"]))
    return "".join(text.get("text", "") for text in texts)


def shown(client, code):
    """The forms in which the outputs of a cell come, each a list of MIME types."""
    forms = []
    client.execute_interactive(
        code, timeout=60, output_hook=lambda message: forms.append(sorted(message["content"].get("data", {})))
    )
    return [form for form in forms if form]


def ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_copy_is_alone_and_begins_as_a_kernel_of_its_own(kernels, tmp_path):
    with started(KernelManager()) as (_, own), copied(kernels, tmp_path) as (one, a), copied(kernels) as (other, b):
        assert printed(a, "import sys; print('torch' in sys.modules, 'actlab' in sys.modules)") == "True False\n"
        printed(a, "import os; x = 1; os.environ['LIKE'] = 'that'")
        ask = "import os; print('x' in dir(), os.environ['LIKE'], os.getcwd(), __name__)"
        assert printed(b, ask) == f"False this {ROOT} __main__\n"
        assert printed(a, "print(os.getcwd())") == f"{tmp_path}\n"
        assert printed(b, PLACE) == printed(own, PLACE)
        pids = [one.provisioner.pid, other.provisioner.pid]
        assert len(set(pids)) == 2 and not any(map(ended, pids))
    assert all(map(ended, pids))


def test_a_figure_comes_as_a_picture_from_a_copy_too(kernels):
    draw = "import matplotlib.pyplot as plt; fig, ax = plt.subplots(); fig"
    with started(KernelManager()) as (_, own), copied(kernels) as (_, copy):
        pictures = shown(own, draw)
        assert [form for form in pictures if "image/png" in form]
        assert shown(copy, draw) == pictures


def test_a_copy_can_be_interrupted_and_others_go_on(kernels):
    with copied(kernels) as (one, a), copied(kernels) as (_, b):
        # otherwise what is asked just after an error may be refused
        asked = a.execute("print('begun', flush=True)\nwhile True: pass", stop_on_error=False)
        while a.get_iopub_msg(timeout=60)["msg_type"] != "stream":
            pass
        one.interrupt_kernel()
        while (answer := a.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != asked:
            pass
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        assert printed(a, "print('again')") == "again\n"
        assert printed(b, "print('still')") == "still\n"


def test_a_process_that_can_import_nothing_is_named_in_one_line(capfd):
    nothing, wanted = {"PYTHONHOME": "/nowhere"}, "imports for all of them ended"
    with Kernels(nothing) as kernels, pytest.raises(RuntimeError, match=wanted):
        kernels.managed(KernelManager()).start_kernel()
    assert capfd.readouterr().err


def test_with_the_block_kernels_end_that_nobody_has_stopped():
    with Kernels() as kernels:
        manager = kernels.managed(KernelManager())
        manager.start_kernel()
        pid = manager.provisioner.pid
        assert not ended(pid)
    for _ in range(600):
        if ended(pid):
            break
        time.sleep(0.1)
    assert ended(pid)
    manager.cleanup_resources()


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_copy_that_has_ended_by_itself_just_before_is_no_error(how):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    provisioner = LocalProvisioner()
    provisioner.process, provisioner.pid = _Process(child.pid), child.pid
    asyncio.run(getattr(provisioner, how)())
