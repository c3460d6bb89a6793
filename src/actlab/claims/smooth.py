"""Claims about smooth activations and gates."""
