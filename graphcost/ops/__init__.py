"""What a rule is and what it sees: operations, facts, sizes, costs."""
