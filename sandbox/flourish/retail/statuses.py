"""The statuses of a retail order, in Flourish's words."""

CREATED, SUBMITTED, PACKED, ON_THE_WAY = "Created", "Submitted", "Packed", "Out for Delivery"
UNDELIVERABLE, CANCELLED, COMPLETED = "Undeliverable", "Cancelled", "Completed"
STATUSES = (CREATED, SUBMITTED, PACKED, ON_THE_WAY, UNDELIVERABLE, CANCELLED, COMPLETED)
OVER = (CANCELLED, COMPLETED)
# The API replaces what an order says only before it is packed.
EDITABLE = (CREATED, SUBMITTED)
