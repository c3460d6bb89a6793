"""Kernels that have torch and matplotlib in memory when they start, where many notebooks are run.

A kernel spends its first seconds importing what every page imports. Here one process imports it, and each kernel is a
copy of that process (a fork), made before anything was computed or drawn in it. What a page then computes is what it
computes in a kernel of its own.

As a program it is that process: for each line of its input, the JSON of a kernel's arguments, folder and environment,
it answers with the kernel's process number; it ends with its input.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner

THERE = sys.platform == "linux"  # elsewhere such libraries can't be copied with their process, or not safely


class Kernels:
    """Within its block kernel managers can start copies; where there are none, they start kernels as usual.

    environment: what all of these kernels have besides the environment of the block.
    """

    def __init__(self, environment: Mapping[str, str] | None = None):
        self._environment, self._first = dict(environment or {}), None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._first:
            self._first.stdin.close()
            self._first.wait()
            self._first.stdout.close()

    def managed(self, manager: KernelManager) -> KernelManager:
        """The manager, whose kernel will be a copy."""
        if THERE:
            named = {"kernel_id": manager.kernel_id, "kernel_spec": manager.kernel_spec, "parent": manager}
            manager.provisioner = _Copies(start=self._start, **named)
        return manager

    def _start(self, arguments, folder, environment):
        if not self._first:
            inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # matplotlib asks while imported
            self._first = subprocess.Popen(
                [sys.executable, __file__],
                env=os.environ | inline | self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        with suppress(BrokenPipeError):
            self._first.stdin.write(json.dumps([arguments, folder, environment | self._environment]) + "\n")
            self._first.stdin.flush()
        if answer := self._first.stdout.readline():
            return int(answer)
        raise RuntimeError("no kernel can be started: the process that imports for all of them ended, see above")


class _Copies(LocalProvisioner):
    def __init__(self, *, start, **named):
        super().__init__(**named)
        self._start = start

    async def launch_kernel(self, cmd, *, env, cwd=".", **_):
        self.cwd, self.pid = cwd, self._start(cmd[cmd.index("-f") :], str(cwd), env)
        self.pgid, self.process = self.pid, _Process(self.pid)
        return self.connection_info


class _Process:
    """Of subprocess.Popen what a provisioner asks, for a process that is not a child of this one."""

    stdin = stdout = stderr = None

    def __init__(self, pid):
        self.pid = pid

    def poll(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    wait = poll  # which is asked for when it has ended

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _serve():
    from ipykernel.kernelapp import IPKernelApp

    # torch's optimisers import the last one at their first step, for more than a second. Not the inline backend: it
    # looks for its kernel once, while it is imported, and without one no figure is ever sent
    for name in ("matplotlib.pyplot", "matplotlib.backends.backend_agg", "numpy", "torch", "torch._dynamo"):
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a kernel that has ended leaves no zombie
    for line in sys.stdin:
        if pid := os.fork():
            print(pid, flush=True)
            continue
        arguments, folder, environment = json.loads(line)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # a process group of its own, to be interrupted alone
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # 1 was for the answers
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.path.remove(str(Path(__file__).parent))
        parent = f"--IPKernelApp.parent_handle={os.getppid()}"  # with which the kernel ends
        return IPKernelApp.launch_instance([*arguments, parent])


if __name__ == "__main__":
    _serve()
