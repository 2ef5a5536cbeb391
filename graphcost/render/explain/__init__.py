"""Explanations as text, one module for each kind of explanation."""
