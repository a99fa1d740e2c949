"""LeafLink Marketplace V2, simulated: its API, its webhooks and what its app lets people do."""
