"""Flourish's retail side: orders of shoppers, what staff do with them, and the discounts that a shop has."""
