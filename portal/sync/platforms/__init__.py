"""The sales platforms, one folder each; they do not know each other."""
