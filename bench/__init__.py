"""The budgets, measured as ratios in one run: `make bench` prints the table."""
