"""Activation functions, measured: the helper package of the course.

Importing actlab imports nothing else: `from actlab import activations` loads what you name.
"""

__version__ = "0.1.0"
