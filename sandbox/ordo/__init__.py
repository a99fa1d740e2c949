"""Ordo, simulated: a sales team's CRM. It publishes no API: this contract is Trellis's own assumption."""
