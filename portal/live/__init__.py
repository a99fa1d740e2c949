"""Live pages: what a page shows of an order or a log, and the stream that keeps it current."""
