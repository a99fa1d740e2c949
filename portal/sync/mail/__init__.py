"""Mail: put down in the transaction that causes it, and sent after it, again and again until it is taken."""

from portal.sync.mail.message import Message, opened, queue

__all__ = ["Message", "opened", "queue"]
