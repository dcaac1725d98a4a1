"""What the credit bank answers: in which account, or why not."""
