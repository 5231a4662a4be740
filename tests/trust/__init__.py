"""What a hospital asks before it says yes: every promise of docs/reference/trust.md with its figure."""
