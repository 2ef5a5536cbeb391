"""Facts + rules -> quantities: arithmetic, parameters, how often everything runs."""
