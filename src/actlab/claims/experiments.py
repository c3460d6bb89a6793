"""Claims about the experiments of the sources."""
