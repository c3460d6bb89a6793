"""Claims about the ReLU family."""
