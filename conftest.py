"""For the notebooks: what is stored was run with history and without what is only shown, and nbval must do so too."""

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile

_init = IPyNbFile.__init__


def _execute(self, cell_input, allow_stdin=None):
    # without history IPython ignores the semicolon that keeps a cell's last value off the page
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _skip_what_is_not_stored(self, *arguments, **named):
    _init(self, *arguments, **named)
    self.skip_compare += ("image/svg+xml", "text/html", "text/markdown")


RunningKernel.execute_cell_input = _execute
IPyNbFile.__init__ = _skip_what_is_not_stored
