"""The engine: claims what is due, looks at both sides, decides, writes at most what is needed, says why."""
