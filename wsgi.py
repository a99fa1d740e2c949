"""For plain WSGI servers; without the event streams, live pages ask every few seconds instead."""

from portal import create_app

app = create_app()
