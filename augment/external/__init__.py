"""Other people's engines, each behind an adapter that says what is let in and holds it to the rules of this package."""
