"""Flourish: the ERP that every platform is connected to."""
