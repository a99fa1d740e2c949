"""The simulated AIQ Ecommerce, formerly Dispense: `/aiq/2023-03/`, as far as its API is known."""
