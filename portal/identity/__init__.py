"""People: accounts, passwords, who is signed in, and how often somebody may try."""
