"""Third-party engines, each behind an adapter that decides what is allowed and enforces the rules of this package."""
