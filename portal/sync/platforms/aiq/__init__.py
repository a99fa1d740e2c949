"""AIQ Ecommerce, formerly Dispense: a store's online menu. Its orders come in, and items go there.

It is no registered platform yet: `docs/aiq.md` says what is here and what is missing.
"""
