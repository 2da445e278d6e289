"""The pages, split by who acts: load, form, one call of the flow, message, redirect."""
