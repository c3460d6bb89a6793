"""For the notebooks: what is stored was run with history, and nbval runs cells without."""

from nbval.kernel import RunningKernel


def _execute(self, cell_input, allow_stdin=None):
    # without history IPython ignores the semicolon that keeps a cell's last value off the page
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = _execute
