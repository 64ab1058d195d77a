"""What people look at: tables of a plan and of a test set."""
