"""Named reads for pages; the tenant is always the first argument."""
