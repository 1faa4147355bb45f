"""Pictures for people: each module draws one noun as PNG bytes; none computes a figure of its own."""
