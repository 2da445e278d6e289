"""The process in plain values: states, rules, dates, the form's grid, the guide, CHSI's page. No database."""
