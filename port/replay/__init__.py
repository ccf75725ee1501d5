"""A finished run of a terminal as a moving picture: what was recorded, where everybody was, the page that shows it."""
